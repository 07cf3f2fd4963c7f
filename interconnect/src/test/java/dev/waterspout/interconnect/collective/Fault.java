package dev.waterspout.interconnect.collective;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/** What can happen to a frame on its way. */
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
    /** The frame of the collective before, once more. */
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
    /** The receiver finds what lay there before. */
    LOST {
        @Override
        void receive(MemorySegment[] received, MemorySegment[] before, int sender) {
            received[sender].copyFrom(before[sender]);
        }
    },
    /** The first half is new and the second is what lay there before. */
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
    /** Another sender's frame in its place; from one of two senders there is no other. */
    MISROUTED {
        @Override
        void receive(MemorySegment[] received, MemorySegment[] before, int sender) {
            received[sender].copyFrom(received[received.length - 1]);
        }
    };

    /** Returns what is sent in place of a message, null for nothing. */
    @Nullable
    MemorySegment send(MemorySegment message, MemorySegment previous) {
        return message;
    }

    /** Damages what one rank has received from the sender. */
    void receive(MemorySegment[] received, MemorySegment[] before, int sender) {}

    private static void flip(MemorySegment frame, long bit) {
        byte old = frame.get(ValueLayout.JAVA_BYTE, bit >>> 3);
        frame.set(ValueLayout.JAVA_BYTE, bit >>> 3, (byte) (old ^ 1 << (bit & 7)));
    }
}
