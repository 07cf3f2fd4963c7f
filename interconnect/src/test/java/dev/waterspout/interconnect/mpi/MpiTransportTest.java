package dev.waterspout.interconnect.mpi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.interconnect.mpi.MpiLaunch.End;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Groups of processes with each installed MPI: the contract of transports, and failing processes. Several groups run at
 * the same time, because they mostly wait.
 */
@Timeout(200)
class MpiTransportTest {
    private static final int CULPRIT = MpiFaultMain.CULPRIT;
    private static final int RANKS = 3;
    private static final int PEER_FAILED = 5;
    private static final int GROUPS_AT_A_TIME = 3;
    private static final String NOTHING = "nothing";
    /** One rank is late by a quarter of the time-out. */
    static final String SLOW = "falls behind";

    static final String NEVER_STARTS = "never calls MPI_Init";
    static final String ENDS_BEFORE_THE_START = "killed before MPI_Init";

    private static final String WAITED =
            "waited %d ms for the others to start".formatted(MpiFaultMain.TIMEOUT.toMillis());
    private static final String STOPPED = "was stopped by its launcher";

    @TempDir
    private static Path folder;

    private static final Map<String, Future<Map<Integer, End>>> RUNNING = new HashMap<>();

    @BeforeAll
    static void startAll() {
        ExecutorService pool = Executors.newFixedThreadPool(GROUPS_AT_A_TIME);
        start(pool, Launcher.OPEN_MPI, RANKS, MpiContractMain.class, Launcher.OPEN_MPI.name());
        start(pool, Launcher.MPICH, 2, MpiContractMain.class, Launcher.MPICH.name());
        Stream.concat(failures(), incompleteGroups()).map(Arguments::get).forEach(group -> {
            Launcher launcher = (Launcher) group[0];
            start(pool, launcher, RANKS, MpiFaultMain.class, launcher.name(), (String) group[1]);
        });
        soundGroups().map(Arguments::get).forEach(group -> {
            Launcher launcher = (Launcher) group[0];
            start(pool, launcher, (int) group[1], MpiFaultMain.class, launcher.name(), (String) group[2]);
        });
        pool.shutdown();
    }

    /** A group that outlived the tests would write into a deleted folder. */
    @AfterAll
    static void waitForAll() throws ExecutionException, InterruptedException {
        for (Future<?> group : RUNNING.values()) {
            group.get();
        }
    }

    private static void start(
            ExecutorService pool, Launcher launcher, int ranks, Class<?> program, String... arguments) {
        if (MpiLaunch.isInstalled(launcher)) {
            String name = String.join(" ", arguments) + " " + ranks;
            RUNNING.put(name, pool.submit(() -> {
                Path own = Files.createDirectory(folder.resolve(name.replace(' ', '-')));
                return MpiLaunch.run(launcher, ranks, own, program, arguments);
            }));
        }
    }

    private static Map<Integer, End> ends(Launcher launcher, int ranks, String... arguments)
            throws ExecutionException, InterruptedException {
        MpiLaunch.assume(launcher);
        String name = launcher.name() + " " + String.join(" ", arguments) + (arguments.length > 0 ? " " : "") + ranks;
        return Objects.requireNonNull(RUNNING.get(name), name).get();
    }

    @ParameterizedTest
    @CsvSource({"OPEN_MPI, 3", "MPICH, 2"})
    void keepsTheContract(Launcher launcher, int ranks) throws ExecutionException, InterruptedException {
        Map<Integer, End> ends = ends(launcher, ranks);
        assertThat(ends).hasSize(ranks);
        assertThat(ends.values())
                .extracting(End::sentence)
                .allSatisfy(lines -> assertThat(lines.lines().toList())
                        .isNotEmpty()
                        .allMatch(line -> line.endsWith(": ok"))
                        .last()
                        .isEqualTo(MpiContractMain.LAST + ": ok"));
    }

    /** For each fault, a part of the message of every surviving rank. */
    static Stream<Arguments> failures() {
        return Stream.of(Launcher.OPEN_MPI, Launcher.MPICH)
                .flatMap(launcher -> Stream.of(
                                List.of("killed", "has ended"),
                                List.of("killed while the others compute", "has ended"),
                                List.of("stopped", "did not arrive"),
                                List.of("late", "did not arrive"),
                                List.of("throws", "out of paper"),
                                List.of("LAST_BIT_FLIPPED", "CRC32C"),
                                List.of("SENT_SHORT", "sent 567 bytes"),
                                List.of("SENT_TWICE", "sequence number"))
                        // Further faults run the same code with every library.
                        .filter(failure -> launcher == Launcher.OPEN_MPI
                                || failure.getFirst().startsWith("killed"))
                        .map(failure -> Arguments.of(launcher, failure.getFirst(), failure.getLast())));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("failures")
    void everySurvivorEndsAndNamesTheRank(Launcher launcher, String what, String word)
            throws ExecutionException, InterruptedException {
        Map<Integer, End> ends = ends(launcher, RANKS, what);
        ends.remove(CULPRIT);
        assertThat(ends).containsOnlyKeys(0, 2);
        assertThat(ends.values()).allSatisfy(end -> {
            assertThat(end.code()).isEqualTo(PEER_FAILED);
            assertThat(end.sentence()).contains("rank " + CULPRIT, word).doesNotContain("\n");
        });
    }

    /** For each group with a missing rank, the message of the first rank that ends. */
    static Stream<Arguments> incompleteGroups() {
        return Stream.of(
                Arguments.of(Launcher.OPEN_MPI, NEVER_STARTS, WAITED),
                Arguments.of(Launcher.MPICH, NEVER_STARTS, WAITED),
                Arguments.of(Launcher.OPEN_MPI, ENDS_BEFORE_THE_START, STOPPED),
                Arguments.of(Launcher.MPICH, ENDS_BEFORE_THE_START, WAITED));
    }

    /**
     * Before the start the missing rank is unknown, so the message names the waiting rank. When the first rank gives
     * up, its launcher may stop the others.
     */
    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("incompleteGroups")
    void anIncompleteGroupEnds(Launcher launcher, String what, String words)
            throws ExecutionException, InterruptedException {
        Map<Integer, End> ends = ends(launcher, RANKS, what);
        ends.remove(CULPRIT);
        assertThat(ends).containsOnlyKeys(0, 2).allSatisfy((rank, end) -> {
            assertThat(end.code()).isEqualTo(PEER_FAILED);
            assertThat(end.sentence())
                    .startsWith("rank " + rank + " ")
                    .containsAnyOf(WAITED, STOPPED)
                    .doesNotContain("\n");
        });
        assertThat(ends.values()).anySatisfy(end -> assertThat(end.sentence()).contains(words));
    }

    /** Groups without a failure: launcher, ranks, event. */
    static Stream<Arguments> soundGroups() {
        return Stream.of(
                Arguments.of(Launcher.OPEN_MPI, RANKS, NOTHING),
                Arguments.of(Launcher.OPEN_MPI, 1, NOTHING),
                Arguments.of(Launcher.MPICH, RANKS, NOTHING),
                Arguments.of(Launcher.OPEN_MPI, RANKS, SLOW));
    }

    @ParameterizedTest(name = "{0}, {1} ranks, {2}")
    @MethodSource("soundGroups")
    void endsWell(Launcher launcher, int ranks, String what) throws ExecutionException, InterruptedException {
        assertThat(ends(launcher, ranks, what))
                .hasSize(ranks)
                .allSatisfy((rank, end) -> assertThat(end).isEqualTo(new End(0, "")));
    }
}
