#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# kill_workers.pl - runs a load_balancer and kills its workers meanwhile, as fast as others take
# over: all are there, a short random pause, one dies. Now and then a second one dies before the
# first is replaced; and some die after the end of the input.
#
#   kill_workers.pl OPTION... OUT ERR -- load_balancer ARGUMENT...
#
#   --workers N   that it has
#   --kills N     to be killed; with --feed the input ends after that many
#   --stop        SIGINT after that many, instead of an end of the input
#   --late N      at most so many more after the end of the input, or the signal
#   --pause MS    at most so long after all are there
#   --feed FILE   its standard input is this pcapng capture, again and again, as --source pcap:-
#   --records N   ... so many packets of it, instead of until the last kill
#   --most N      ... at most so many of it for each kill
#
# Prints how many were killed and how many packets were fed. Exits as load_balancer does; 124 if
# that does not end.

use strict;
use warnings;
use Errno;
use Fcntl;
use Getopt::Long qw(:config require_order);
use IO::Handle;
use POSIX ':sys_wait_h';
use Time::HiRes qw(time sleep);

my %o = (workers => 4, kills => 0, late => 0, pause => 20);
GetOptions(\%o, 'workers=i', 'kills=i', 'stop', 'late=i', 'pause=f', 'feed=s', 'records=i', 'most=i') or exit 2;
my ($out, $err) = splice(@ARGV, 0, 2);
shift @ARGV if $ARGV[0] eq '--';

# --- The input -----------------------------------------------------------------------------

# The packets of a pcapng file as records of a pcap file, which can be repeated; where each ends.
sub records {
    my ($file) = @_;
    open(my $in, '<:raw', $file) or die "$file: $!\n";
    local $/;
    my ($all, $records, @ends) = (<$in>, '');
    for (my $at = 0; $at < length($all);) {
        my ($type, $size) = unpack('VV', substr($all, $at, 8));
        if ($type == 6) { # an enhanced packet block
            my ($captured, $original) = unpack('VV', substr($all, $at + 20, 8));
            $records .= pack('VVVV', 1700000000, scalar(@ends), $captured, $original);
            $records .= substr($all, $at + 28, $captured);
            push @ends, length($records);
        }
        $at += $size;
    }
    return ($records, \@ends);
}

my ($records, $ends, $header);
if (defined $o{feed}) {
    ($records, $ends) = records($o{feed});
    $header = pack('VvvlVVV', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1);
}

# --- The run -------------------------------------------------------------------------------

pipe(my $read, my $write) or die;
my $pid = fork();
die unless defined $pid;
if ($pid == 0) {
    open(STDIN, defined $o{feed} ? '<&' . fileno($read) : '</dev/null') or die;
    open(STDOUT, '>', $out) or die;
    open(STDERR, '>', $err) or die;
    close($write);
    exec(@ARGV) or die "$ARGV[0]: $!\n";
}
close($read);
$SIG{PIPE} = 'IGNORE';
fcntl($write, F_SETFL, O_NONBLOCK);

my ($killed, $wanted, $whole, %dead) = (0, $o{kills}, 0);
my $due = time();

# Its children, as soon as it is the program and not a script that will be.
sub living {
    return () unless (readlink("/proc/$pid/exe") // '') =~ /load_balancer$/;
    open(my $list, '<', "/proc/$pid/task/$pid/children") or return ();
    my $line = <$list>;
    return grep { !$dead{$_} } split(' ', defined $line ? $line : '');
}

# When it is time: notices that all are there, and kills one after another pause.
sub kill_one {
    my @workers = living();
    if (!@workers || (@workers < $o{workers} && rand() > 0.02)) {
        $due = time() + 0.001;
        return;
    }
    if (!$whole) {
        $whole = 1;
        # A lone worker gets on now and then: twenty times in a row in vain rightly end a run.
        $due = time() + ($o{workers} == 1 && $killed % 8 == 7 ? 1 : rand($o{pause}) / 1000);
        return;
    }
    my $worker = $workers[rand @workers];
    $killed += kill('KILL', $worker);
    $dead{$worker} = 1;
    $whole = 0;
}

# What is fed: `part` of the records, from `from` on; `rounds` times all of them were fed before.
my ($part, $from, $rounds) = ($header, 0, 0);
my ($fed, $limit);

# Writes what there is room for; a whole number of packets at the end.
sub feed {
    if (defined $part) {
        my $count = syswrite($write, $part, 65536, $from);
        if (!defined $count) {
            undef $write unless $!{EAGAIN};
            return;
        }
        $from += $count;
        return if $from < length($part);
        $rounds++ if $part eq $records;
        undef $part if defined $limit;
    }
    if (!defined $limit) {
        my $count = @$ends;
        if (defined $o{records} && ($rounds + 1) * $count >= $o{records}) {
            $limit = $o{records} - $rounds * $count;
        } elsif (!defined $o{records} && $killed >= $wanted) {
            $limit = 1 + int(rand($count));
        }
        ($part, $from) = ($records, 0);
        if (defined $limit) {
            $fed = $rounds * $count + $limit;
            $part = $limit > 0 ? substr($records, 0, $ends->[$limit - 1]) : undef;
            $rounds = -1;
        }
    }
    if (!defined $part) {
        close($write);
        undef $write;
        $wanted = $killed + int(rand($o{late} + 1));
    }
}

# It would be more than is wanted before the next kill.
sub is_enough {
    return defined $o{most} && $killed < $wanted && $rounds * @$ends > ($killed + 1) * $o{most};
}

my $deadline = time() + 300;
while (waitpid($pid, WNOHANG) == 0) {
    my $wait = $killed < $wanted ? $due - time() : 0.005;
    $wait = 0 if $wait < 0;
    if (defined $o{feed} && defined $write && !is_enough()) {
        my $set = '';
        vec($set, fileno($write), 1) = 1;
        feed() if select(undef, $set, undef, $wait) > 0;
    } else {
        sleep($wait < 0.005 ? $wait : 0.005);
    }
    kill_one() if $killed < $wanted && time() >= $due;
    if ($o{stop} && $killed >= $wanted) {
        kill('INT', $pid);
        $o{stop} = 0;
        $wanted = $killed + int(rand($o{late} + 1));
    }
    if (time() > $deadline) {
        kill('KILL', $pid);
        waitpid($pid, 0);
        exit 124;
    }
}
my $status = $?;
print "$killed ", defined $fed ? $fed : 0, "\n";
exit($status & 127 ? 128 + ($status & 127) : $status >> 8);
