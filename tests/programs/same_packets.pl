#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# same_packets.pl - holds a capture that load_balancer wrote against the one it read.
#
#   same_packets.pl [--ttl] SOURCE SINK
#
# Each packet of the source is in the sink once, with its bytes, its time and its length on the
# wire, and nothing else is; those that one direction of a connection has are in the order of the
# source. With --ttl, they are as a router leaves them: one hop less, an IPv4 header whose checksum
# is right as before, and none of those that had no hop left. SOURCE may be pcapng. Prints how many
# packets and how many flows there are; a line for the first thing that is wrong, and exit status 1.

use strict;
use warnings;

my $ttl = @ARGV && $ARGV[0] eq '--ttl' ? shift : 0;
my ($source, $sink) = @ARGV;

# --- Captures -------------------------------------------------------------------------

sub slurp {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or die "$path: $!\n";
    local $/;
    return <$in>;
}

# Packets as [time in ns, length on the wire, bytes].
sub read_pcapng {
    my ($all) = @_;
    my ($at, $resolution, @packets) = (0, 1000);
    while ($at < length $all) {
        my ($type, $length) = unpack 'VV', substr($all, $at, 8);
        my $body = substr($all, $at + 8, $length - 12);
        if ($type == 1) {
            my $options = 8;
            while ($options + 4 <= length $body) {
                my ($code, $size) = unpack 'vv', substr($body, $options, 4);
                $resolution = 10**(9 - unpack 'C', substr($body, $options + 4, 1)) if $code == 9;
                $options += 4 + ($size + 3 & ~3);
            }
        } elsif ($type == 6) {
            my (undef, $high, $low, $captured, $original) = unpack 'V5', $body;
            push @packets, [($high << 32 | $low) * $resolution, $original,
                            substr($body, 20, $captured)];
        }
        $at += $length;
    }
    return @packets;
}

sub read_pcap {
    my ($all) = @_;
    my $unit = unpack('V', $all) == 0xa1b23c4d ? 1 : 1000;
    my ($at, @packets) = (24);
    while ($at < length $all) {
        my ($seconds, $part, $captured, $original) = unpack 'V4', substr($all, $at, 16);
        die "the capture ends within a packet\n" if $at + 16 + $captured > length $all;
        push @packets, [$seconds * 1_000_000_000 + $part * $unit, $original,
                        substr($all, $at + 16, $captured)];
        $at += 16 + $captured;
    }
    return @packets;
}

sub read_capture {
    my $all = slurp($_[0]);
    return unpack('V', $all) == 0x0a0d0d0a ? read_pcapng($all) : read_pcap($all);
}

# --- Packets ---------------------------------------------------------------------------

# Where the header of IP begins, behind Ethernet; undef if it is none.
sub ip_at {
    my ($bytes) = @_;
    my $type = length $bytes > 34 ? unpack 'n', substr($bytes, 12, 2) : 0;
    return $type == 0x0800 || $type == 0x86dd ? 14 : undef;
}

# What tells flows between two addresses apart: ports; and errors of ICMP, which go where the
# packet went that they are about, so that their order among others says nothing.
sub within {
    my ($bytes, $at, $protocol) = @_;
    return substr $bytes, $at, 4 if $protocol == 6 || $protocol == 17;
    my $type = ord substr $bytes, $at;
    return $protocol == 1 && grep({ $_ == $type } 3, 4, 5, 11, 12)
        || $protocol == 58 && $type < 128 ? substr($bytes, $at) : '';
}

# At least as fine as the flows of load_balancer: one direction of a connection.
sub flow_of {
    my ($bytes) = @_;
    my $at = ip_at($bytes);
    return substr($bytes, 0, 64) if !defined $at;
    if (ord(substr $bytes, $at) >> 4 == 6) {
        my ($protocol, $next, $fragment) = (ord(substr $bytes, $at + 6), $at + 40, 0);
        while ($protocol == 0 || $protocol == 44) { # options for each hop, and fragments
            $fragment ||= $protocol == 44;
            $protocol = ord substr $bytes, $next;
            $next += 8 * (1 + ord substr $bytes, $next + 1);
        }
        my $ports = $fragment ? '' : within($bytes, $next, $protocol);
        return pack('C', $protocol) . substr($bytes, $at + 8, 32) . $ports;
    }
    my ($protocol, $fragment) =
        (ord substr($bytes, $at + 9), unpack('n', substr $bytes, $at + 6) & 0x3fff);
    my $header = 4 * (ord(substr $bytes, $at) & 15);
    my $ports = $fragment ? '' : within($bytes, $at + $header, $protocol);
    return pack('C', $protocol) . substr($bytes, $at + 12, 8) . $ports;
}

# The sum over a header that is right is 0xffff.
sub sum_of {
    my $sum = 0;
    $sum += $_ for unpack 'n*', $_[0];
    $sum = ($sum & 0xffff) + ($sum >> 16) while $sum > 0xffff;
    return $sum;
}

# What a router makes of a packet, computed anew; undef: it drops it.
sub routed {
    my ($bytes) = @_;
    my $at = ip_at($bytes);
    return $bytes if !defined $at;
    my $four = ord(substr $bytes, $at) >> 4 == 4;
    my $hops = $at + ($four ? 8 : 7);
    my $left = ord substr $bytes, $hops;
    return undef if $left <= 1;
    my $size = 4 * (ord(substr $bytes, $at) & 15);
    die "the source has a wrong checksum\n" if $four && sum_of(substr $bytes, $at, $size) != 0xffff;
    substr($bytes, $hops, 1) = chr($left - 1);
    if ($four) {
        substr($bytes, $at + 10, 2) = "\0\0";
        substr($bytes, $at + 10, 2) = pack 'n', ~sum_of(substr $bytes, $at, $size) & 0xffff;
    }
    return $bytes;
}

# --- Both ------------------------------------------------------------------------------

my @wanted = read_capture($source);
if ($ttl) {
    $_->[2] = routed($_->[2]) for @wanted;
    @wanted = grep { defined $_->[2] } @wanted;
}
my (%places, %last);
for my $place (0 .. $#wanted) {
    push @{$places{join ' ', @{$wanted[$place]}}}, $place;
}
my $count = 0;
for my $packet (read_capture($sink)) {
    my $same = $places{join ' ', @$packet};
    my $place = $same ? shift @$same : undef;
    my $flow = flow_of($packet->[2]);
    $count++;
    if (!defined $place) {
        print "packet $count of the sink is none of the source, or was there before\n";
        exit 1;
    }
    if ($place < ($last{$flow} // -1)) {
        print "packet $count of the sink comes behind a later one of its flow\n";
        exit 1;
    }
    $last{$flow} = $place;
}
if ($count != @wanted) {
    print "the sink has $count packets, and ", scalar @wanted, " are due\n";
    exit 1;
}
print "$count packets, ", scalar keys %last, " flows\n";
