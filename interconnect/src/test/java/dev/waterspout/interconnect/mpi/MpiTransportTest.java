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
 * Groups of processes, with each MPI that is installed: the contract of transports, and processes that fail. Most of
 * their time is waiting, so several groups run at a time.
 */
@Timeout(200)
class MpiTransportTest {
    private static final int CULPRIT = MpiFaultMain.CULPRIT;
    private static final int RANKS = 3;
    private static final int PEER_FAILED = 5;
    private static final int GROUPS_AT_A_TIME = 3;
    private static final String NOTHING = "nothing";
    /** Falls behind by half the timeout. */
    static final String SLOW = "falls behind";

    static final String NEVER_STARTS = "never calls MPI_Init";
    static final String ENDS_BEFORE_THE_START = "killed before MPI_Init";

    private static final String WAITED = "waited 3000 ms for the others to start";
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

    /** A group that outlived the tests would write into a folder that is gone. */
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

    /** Per thing that happens, a word of every survivor's sentence. */
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
                        // The rest is the same code, whatever the library.
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

    /** Per group one of whose ranks does not start, what the first of the others to end says. */
    static Stream<Arguments> incompleteGroups() {
        return Stream.of(
                Arguments.of(Launcher.OPEN_MPI, NEVER_STARTS, WAITED),
                Arguments.of(Launcher.MPICH, NEVER_STARTS, WAITED),
                Arguments.of(Launcher.OPEN_MPI, ENDS_BEFORE_THE_START, STOPPED),
                Arguments.of(Launcher.MPICH, ENDS_BEFORE_THE_START, WAITED));
    }

    /**
     * Who is missing is not known before the start: the sentence names the rank that waited. When the first of them has
     * waited for long enough, its launcher may stop the rest.
     */
    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("incompleteGroups")
    void aGroupThatIsNotCompleteEnds(Launcher launcher, String what, String words)
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

    /** Groups with nothing wrong: launcher, ranks, what happens. */
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
