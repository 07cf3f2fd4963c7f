package dev.waterspout.interconnect.collective;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** A fault of a frame in transit. */
enum Fault {
    /** The sender never takes part. */
    NEVER_ARRIVES {
        @Override
        @Nullable
        MemorySegment send(MemorySegment message, MemorySegment previous) {
            return null;
        }
    },
    SENT_SHORT {
        @Override
        MemorySegment send(MemorySegment message, MemorySegment previous) {
            return message.asSlice(0, message.byteSize() - 1);
        }
    },
    SENT_HEADER_ONLY {
        @Override
        MemorySegment send(MemorySegment message, MemorySegment previous) {
            return message.asSlice(0, 48);
        }
    },
    SENT_LONG {
        @Override
        MemorySegment send(MemorySegment message, MemorySegment previous) {
            return Arena.ofAuto().allocate(message.byteSize() + 1);
        }
    },
    /** The frame of the previous collective is sent again. */
    SENT_TWICE {
        @Override
        MemorySegment send(MemorySegment message, MemorySegment previous) {
            return previous;
        }
    },
    FIRST_PAYLOAD_BIT_FLIPPED {
        @Override
        void receive(MemorySegment[] received, MemorySegment[] before, int sender) {
            flip(received[sender], 48 * 8L);
        }
    },
    LAST_BIT_FLIPPED {
        @Override
        void receive(MemorySegment[] received, MemorySegment[] before, int sender) {
            flip(received[sender], received[sender].byteSize() * 8 - 1);
        }
    },
    HEADER_BIT_FLIPPED {
        @Override
        void receive(MemorySegment[] received, MemorySegment[] before, int sender) {
            flip(received[sender], 21 * 8L);
        }
    },
    /** The receive buffer keeps its old content. */
    LOST {
        @Override
        void receive(MemorySegment[] received, MemorySegment[] before, int sender) {
            received[sender].copyFrom(before[sender]);
        }
    },
    /** The first half of the receive buffer is new, and the second half keeps its old content. */
    TORN {
        @Override
        void receive(MemorySegment[] received, MemorySegment[] before, int sender) {
            long half = received[sender].byteSize() / 2;
            received[sender].asSlice(half).copyFrom(before[sender].asSlice(half));
        }
    },
    ZEROED {
        @Override
        void receive(MemorySegment[] received, MemorySegment[] before, int sender) {
            received[sender].fill((byte) 0);
        }
    },
    /** The frame of another sender is received in its place; this needs at least two senders. */
    MISROUTED {
        @Override
        void receive(MemorySegment[] received, MemorySegment[] before, int sender) {
            received[sender].copyFrom(received[received.length - 1]);
        }
    };

    /** Returns the message that is sent in place of the given one, or null for none. */
    @Nullable
    MemorySegment send(MemorySegment message, MemorySegment previous) {
        return message;
    }

    /** Damages the messages that one rank has received from the sender. */
    void receive(MemorySegment[] received, MemorySegment[] before, int sender) {}

    private static void flip(MemorySegment frame, long bit) {
        byte old = frame.get(ValueLayout.JAVA_BYTE, bit >>> 3);
        frame.set(ValueLayout.JAVA_BYTE, bit >>> 3, (byte) (old ^ 1 << (bit & 7)));
    }
}
