package dev.waterspout.interconnect.mpi;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Where the ranks' processes are, and whether those of this machine still run. */
final class Peers {
    /** One rank's card: process id, host name and machine. */
    static final int CARD_BYTES = 512;

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int HOST = 8;
    private static final int MACHINE = 264;
    private static final int MAX_TEXT = 240;

    private final String[] hosts;
    private final long[] processIds;
    /** Processes that can be watched from here: those of other machines, and of other containers, cannot. */
    private final @Nullable ProcessHandle[] processes;

    private Peers(int rank, MemorySegment[] cards) {
        this.hosts = Arrays.stream(cards).map(card -> card.getString(HOST)).toArray(String[]::new);
        this.processIds =
                Arrays.stream(cards).mapToLong(card -> card.get(LONG, 0)).toArray();
        this.processes = new ProcessHandle[cards.length];
        String machine = cards[rank].getString(MACHINE);
        for (int peer = 0; peer < cards.length; peer++) {
            if (peer != rank
                    && !machine.isEmpty()
                    && cards[peer].getString(MACHINE).equals(machine)) {
                processes[peer] = ProcessHandle.of(processIds[peer])
                        .filter(ProcessHandle::isAlive)
                        .orElse(null);
            }
        }
    }

    /** Reads the cards of all ranks. */
    static Peers of(int rank, MemorySegment[] cards) {
        return new Peers(rank, cards);
    }

    /** Before the cards have come: nothing is known of any rank. */
    static Peers unknown(int rank, int size) {
        MemorySegment[] blank = new MemorySegment[size];
        Arrays.setAll(blank, _ -> blank());
        return new Peers(rank, blank);
    }

    /** {@return room for another's card} */
    static MemorySegment blank() {
        return Arena.ofAuto().allocate(CARD_BYTES);
    }

    /** {@return this process's card} */
    static MemorySegment card(String host) {
        MemorySegment card = Arena.global().allocate(CARD_BYTES);
        card.set(LONG, 0, ProcessHandle.current().pid());
        put(card, HOST, host);
        put(card, MACHINE, machine(host));
        return card;
    }

    private static void put(MemorySegment card, int at, String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        MemorySegment.copy(utf8, 0, card, ValueLayout.JAVA_BYTE, at, Math.min(utf8.length, MAX_TEXT));
    }

    /** Two processes with the same machine see each other's process ids: hosts and containers may share their names. */
    private static String machine(String host) {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip() + " "
                    + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
        } catch (IOException | UnsupportedOperationException | SecurityException unknown) { // not Linux
            return host;
        }
    }

    List<String> hosts() {
        return List.of(hosts);
    }

    /** {@return whether the rank's process is known to have ended} */
    boolean hasEnded(int peer) {
        ProcessHandle process = processes[peer];
        return process != null && (!process.isAlive() || isZombie(processIds[peer]));
    }

    /** A process that has ended is listed until its launcher has taken note, which may take seconds. */
    private static boolean isZombie(long processId) {
        try {
            String status = Files.readString(Path.of("/proc/" + processId + "/stat"));
            return status.startsWith("Z", status.lastIndexOf(')') + 2);
        } catch (IOException | SecurityException unknown) {
            return false;
        }
    }

    /** {@return rank, process and host in words} */
    String describe(int peer) {
        return "rank " + peer + " (process " + processIds[peer] + " on " + hosts[peer] + ")";
    }
}
