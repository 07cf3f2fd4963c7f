package dev.waterspout.kernels.device;

import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * The encoded partials of all ranks on one device, in rank order. A rank's own packet may be in a separate array,
 * which stays on the device; the array of the other ranks' packets then has no place for it. Packets are bytes of a
 * wire format, or for f32 the floats of the partials.
 *
 * @param others the other ranks' packets at equal distances, which may be larger than a packet
 * @param own this rank's packet; not read if {@code ownRank} is {@code ranks}
 * @param ownRank rank of the packet {@code own}, or {@code ranks} if {@code others} has all packets
 * @param ranks number of packets
 */
public record DevicePackets(TornadoNativeArray others, TornadoNativeArray own, int ownRank, int ranks) {
    /** Checks that the packets in {@code others} have equal distances, and that both arrays are of one type. */
    public DevicePackets {
        int held = ownRank < ranks ? ranks - 1 : ranks;
        if (ownRank < 0 || ownRank > ranks || held < 1 || others.getSize() % held != 0) {
            throw new IllegalArgumentException("packets of " + others.getSize() + " elements for ranks=" + ranks
                    + " ownRank=" + ownRank + ": each packet takes the same number");
        }
        if (others.getClass() != own.getClass()) {
            throw new IllegalArgumentException(
                    "packets in a " + others.getClass().getSimpleName() + ", this rank's in a "
                            + own.getClass().getSimpleName() + ": they must be of one type");
        }
    }

    /**
     * {@return packets that all lie in one array}
     *
     * @param array an array with the packet of rank r at {@code r x size / ranks}
     * @param ranks number of packets
     */
    public static DevicePackets in(TornadoNativeArray array, int ranks) {
        return new DevicePackets(array, array, ranks, ranks);
    }

    /** {@return the elements of {@code others} from one packet to the next} */
    int stride() {
        return others.getSize() / (ownRank < ranks ? ranks - 1 : ranks);
    }

    /** Checks that each packet has enough elements. */
    void requireRoom(long needed) {
        if (stride() < needed || own.getSize() < needed) {
            throw new IllegalArgumentException("packets of " + Math.min(stride(), own.getSize())
                    + " elements for ranks=" + ranks + ": each takes at least " + needed);
        }
    }
}
