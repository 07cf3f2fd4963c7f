package dev.waterspout.interconnect.mpi;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** The processes of all ranks: their hosts, and whether those on this machine still run. */
final class Peers {
    /** Layout of one rank's card: process id, host name and machine. */
    static final int CARD_BYTES = 512;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int HOST = 8;
    private static final int MACHINE = 264;
    private static final int MAX_TEXT = 240;

    private final String[] hosts;
    private final long[] processIds;
    /**
     * Per rank whether its process has ended; null for those of other machines and containers, which cannot be watched.
     */
    private final @Nullable BooleanSupplier[] ended;

    private Peers(int rank, MemorySegment[] cards, MpiHost host) {
        this.hosts = Arrays.stream(cards).map(card -> card.getString(HOST)).toArray(String[]::new);
        this.processIds =
                Arrays.stream(cards).mapToLong(card -> card.get(LONG, 0)).toArray();
        this.ended = new BooleanSupplier[cards.length];
        String machine = cards[rank].getString(MACHINE);
        for (int peer = 0; peer < cards.length; peer++) {
            if (peer != rank
                    && !machine.isEmpty()
                    && cards[peer].getString(MACHINE).equals(machine)) {
                ended[peer] = host.watch(processIds[peer]);
            }
        }
    }

    /** Reads the cards of all ranks. */
    static Peers of(int rank, MemorySegment[] cards, MpiHost host) {
        return new Peers(rank, cards, host);
    }

    /** No rank is known before the cards have been received. */
    static Peers unknown(int rank, int size, MpiHost host) {
        MemorySegment[] blank = new MemorySegment[size];
        Arrays.setAll(blank, _ -> blank());
        return new Peers(rank, blank, host);
    }

    /** {@return memory for another rank's card} */
    static MemorySegment blank() {
        return Arena.ofAuto().allocate(CARD_BYTES);
    }

    /** {@return this process's card} */
    static MemorySegment card(String name, MpiHost host) {
        MemorySegment card = host.memory().allocate(CARD_BYTES);
        card.set(LONG, 0, host.processId());
        put(card, HOST, name);
        put(card, MACHINE, host.machine(name));
        return card;
    }

    private static void put(MemorySegment card, int at, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(utf8, 0, card, ValueLayout.JAVA_BYTE, at, Math.min(utf8.length, MAX_TEXT));
    }

    List<String> hosts() {
        return List.of(hosts);
    }

    /** {@return whether the rank's process is known to have ended} */
    boolean hasEnded(int peer) {
        BooleanSupplier process = ended[peer];
        return process != null && process.getAsBoolean();
    }

    /** {@return a description of rank, process and host} */
    String describe(int peer) {
        return "rank " + peer + " (process " + processIds[peer] + " on " + hosts[peer] + ")";
    }
}
