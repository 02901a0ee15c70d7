# SPDX-License-Identifier: MIT
#
# BenchTrials.pm - what report and report_growth share: the suite run, its trials by name and
# round, medians, files and plots.

package BenchTrials;

use strict;
use warnings;
use Exporter 'import';
use File::Path qw(make_path);
use JSON::PP;

our @EXPORT = qw(take_trial run_suite is_alike is_disturbed quantile quartiles figure first_line
    write_file write_json gnuplot title_of %trial %skipped %failed @trials DISTURBED);

# As in suite: the share of a trial that a party may be kept from its processor; and how many times
# as far apart processors may be in one trial as in another to be compared.
use constant { DISTURBED => 0.02, ALIKE => 1.5 };

our (@trials, %trial, %skipped, %failed); # $trial{name}{round}

my $build = $ENV{top_builddir} // '.';

# --- Trials ---------------------------------------------------------------------------------

sub take_trial {
    my ($line) = @_;
    my $trial = eval { decode_json($line) } or die "not a trial: $line";
    my $name = "$trial->{place}:" . join('/', @$trial{qw(workload subject mode size)});
    if (defined $trial->{skipped}) {
        $skipped{ $trial->{subject} } = $trial->{skipped};
    } elsif (defined $trial->{failed}) {
        $failed{$name} = $trial->{failed};
    } else {
        $trial{$name}{ $trial->{round} } = $trial;
    }
    push @trials, $trial;
}

# It gets the signal of a terminal too, puts away what is there, and says with its exit code that
# it did; then there is nothing to report.
sub run_suite {
    my @options = @_;
    my ($stopped, $child) = (0, 0);
    local @SIG{qw(INT TERM HUP)} = map {
        sub { $stopped = 1; kill 'TERM', $child if $child }
    } 1 .. 3;
    $child = open(my $lines, '-|', "$build/tests/bench/suite", @options) or die "$build/tests/bench/suite: $!\n";
    while (defined(my $line = <$lines>)) {
        take_trial($line);
    }
    close $lines;
    my $code = $? >> 8;
    die "Stopped: everything is put away, and nothing was written.\n" if $stopped || $code == 130;
    die "suite: exit code $code\n" if $code > 1;
}

# Where parties share processors the suite does not say it: they wait for each other too.
sub is_disturbed {
    my ($trial) = @_;
    return ($trial->{disturbed} // 0) > DISTURBED;
}

# Were the processors as far apart in all of them, from beginning to end?
sub is_alike {
    my @distances = sort { $a <=> $b } map { @{ $_->{apart_ns} // [] } } @_;
    return @distances == 0 || $distances[-1] <= $distances[0] * ALIKE;
}

# --- Statistics -----------------------------------------------------------------------------

sub quantile {
    my ($share, @values) = @_;
    @values = sort { $a <=> $b } @values;
    my $at = $share * $#values;
    my $low = int $at;
    my $high = $low < $#values ? $low + 1 : $low;
    return $values[$low] + ($values[$high] - $values[$low]) * ($at - $low);
}

sub quartiles {
    my @values = @_;
    return { rounds => scalar @values, low => quantile(0.25, @values), median => quantile(0.5, @values),
        high => quantile(0.75, @values) };
}

sub figure {
    my ($value) = @_;
    return sprintf($value >= 1000 ? '%.0f' : $value >= 10 ? '%.1f' : '%.3f', $value);
}

# --- Files ----------------------------------------------------------------------------------

sub first_line {
    my ($command) = @_;
    my ($line) = split /\n/, `$command 2>/dev/null`;
    return $line // '';
}

sub write_file {
    my ($path, $text) = @_;
    (my $folder = $path) =~ s{/[^/]*$}{};
    make_path($folder);
    open(my $file, '>', $path) or die "$path: $!\n";
    print $file $text;
    close($file) or die "$path: $!\n";
}

sub write_json {
    my ($path, $data) = @_;
    write_file($path, JSON::PP->new->canonical->pretty->encode($data));
}

# False: there is no gnuplot.
sub gnuplot {
    my ($script) = @_;
    return 0 if first_line('command -v gnuplot') eq '';
    open(my $gnuplot, '|-', 'gnuplot') or die "gnuplot: $!\n";
    print $gnuplot $script;
    close($gnuplot) or die "gnuplot refuses the plot\n";
    return 1;
}

# A name for gnuplot, which takes _ as a mark for what is written lower.
sub title_of {
    my ($name) = @_;
    $name =~ s/_/\\\\_/g;
    return $name;
}

1;
