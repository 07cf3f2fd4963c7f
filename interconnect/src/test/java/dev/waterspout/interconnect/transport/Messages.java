package dev.waterspout.interconnect.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** One rank's message and a segment for each of the others', each between canaries. */
final class Messages {
    private static final byte CANARY = 0x5a;
    private static final int MARGIN = 3;

    private final int rank;
    private final MemorySegment message;
    private final MemorySegment[] whole;
    private final MemorySegment[] received;

    /** Messages of {@code bytes + rank x step} bytes. */
    Messages(Transport transport, int bytes, int step) {
        rank = transport.rank();
        Arena arena = Arena.ofAuto();
        message = arena.allocate(bytes + (long) rank * step);
        whole = new MemorySegment[transport.size()];
        received = new MemorySegment[transport.size()];
        for (int peer = 0; peer < received.length; peer++) {
            long length = bytes + (long) peer * step;
            whole[peer] = arena.allocate(length + 2 * MARGIN).fill(CANARY);
            received[peer] = whole[peer].asSlice(MARGIN, length);
        }
    }

    MemorySegment own() {
        return message;
    }

    MemorySegment[] received() {
        return received;
    }

    /** Fills this rank's message with its content for one call. */
    void write(int call) {
        fill(message, rank, call);
    }

    /** Overwrites this rank's message, which no other rank may read any more. */
    void spoil() {
        message.fill((byte) 0xff);
    }

    /** All-gathers and checks the received messages. */
    static void allGather(Transport transport, int call, int bytes, int step) {
        Messages messages = new Messages(transport, bytes, step);
        messages.write(call);
        transport.allGather(messages.message, messages.received);
        messages.spoil();
        messages.check(call);
    }

    /** Gathers and checks the messages received at the root. */
    static void gather(Transport transport, int root, int call, int bytes, int step) {
        Messages messages = new Messages(transport, bytes, step);
        messages.write(call);
        boolean receives = transport.rank() == root;
        transport.gather(root, messages.message, receives ? messages.received : null);
        messages.spoil();
        if (receives) {
            messages.check(call);
        }
    }

    /** Words that no other sender or call has at the same place, and bytes after the last whole word. */
    private static void fill(MemorySegment message, int sender, int call) {
        long seed = (call * 31L + sender + 1) * 0x9e3779b97f4a7c15L;
        long words = message.byteSize() & -Long.BYTES;
        for (long at = 0; at < words; at += Long.BYTES) {
            message.set(ValueLayout.JAVA_LONG_UNALIGNED, at, seed ^ at * 0x2545f4914f6cdd1dL);
        }
        for (long at = words; at < message.byteSize(); at++) {
            message.set(ValueLayout.JAVA_BYTE, at, (byte) ((seed ^ at * 0x2545f4914f6cdd1dL) >>> 56));
        }
    }

    void check(int call) {
        for (int peer = 0; peer < received.length; peer++) {
            MemorySegment expected =
                    Arena.ofAuto().allocate(whole[peer].byteSize()).fill(CANARY);
            if (peer != rank) {
                fill(expected.asSlice(MARGIN, received[peer].byteSize()), peer, call);
            }
            assertThat(whole[peer].mismatch(expected))
                    .as("rank %s, what rank %s sent in call %s", rank, peer, call)
                    .isEqualTo(-1);
        }
    }
}
