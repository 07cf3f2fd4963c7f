package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.RankGroup;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.testing.CudaStandIn;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** Calls of the CUDA driver for one token of decode, counted by the stand-in for the driver. */
class DriverCallsTest {
    private static final int LAYERS = 4;
    private static final int CONTEXT = 32;
    /** Positions of a cache that attention splits into parts. */
    private static final int LONG = 512;

    private static final int TOKENS = 4;
    private static final String COMM = "e2m1:32:e8m0";
    private static final List<String> COUNTS = List.of(
            "launches",
            "graph launches",
            "host to device",
            "host to device bytes",
            "device to host",
            "device to host bytes",
            "peer copies",
            "peer bytes",
            "waits",
            "event waits");
    /** The request for the most likely token. */
    private static final LogitsRequest GREEDY = LogitsRequest.best(SmallModel.VOCABULARY, 1, List.of(), List.of());

    private CudaDevices found;
    private CudaStandIn driver;
    /** CUDA devices whose graphs are not captured, so that each launch and copy is counted. */
    private List<ShardFactory> devices;

    @BeforeEach
    void cudaDevices() {
        found = CudaDevices.find();
        driver = found.driver();
        devices = found.shards().stream()
                .map(shards -> (ShardFactory) shards.withCapture(false))
                .toList();
    }

    /** Returns the calls of all ranks for one token, after a prompt and a token that compile the kernels. */
    private Map<String, Long> ofAToken(String name, LogitsRequest wanted, String comm, List<ShardFactory> ranks) {
        return ofAToken(name, CONTEXT, wanted, comm, ranks);
    }

    private Map<String, Long> ofAToken(
            String name, int context, LogitsRequest wanted, String comm, List<ShardFactory> ranks) {
        RankOptions options =
                new RankOptions(context, 4, 1, CommSchedule.fixed(WireFormat.parse(comm)), Duration.ofMinutes(2));
        Map<String, Long> calls = new LinkedHashMap<>();
        try (Model model = SmallModel.of("llama").withLayers(LAYERS).load();
                RankGroup group =
                        RankGroup.inProcess(model, ShardPlan.of(model, ranks.size(), List.of()), options, ranks)) {
            group.preload((bytes, total) -> {});
            group.forward(new int[] {1, 70, 259}, 0, wanted);
            group.forward(new int[] {90}, 3, wanted);
            COUNTS.forEach(count -> calls.put(count, -driver.count(count)));
            for (int token = 0; token < TOKENS; token++) {
                group.forward(new int[] {91 + token}, 4 + token, wanted);
            }
            COUNTS.forEach(count -> calls.merge(count, driver.count(count), Long::sum));
        }
        assertThat(calls.values()).as("every token has the same calls").allMatch(sum -> sum % TOKENS == 0);
        calls.replaceAll((_, sum) -> sum / TOKENS);
        System.err.println(name + ", " + LAYERS + " layers, a token: " + calls);
        return calls;
    }

    private static void assertAtMost(Map<String, Long> calls, int launches, int copies, int waits) {
        assertThat(calls.get("launches")).as("launches of a token").isLessThanOrEqualTo(launches);
        assertThat(calls.get("host to device")).as("copies of a token").isLessThanOrEqualTo(copies);
        assertThat(calls.get("waits")).as("waits of a token").isLessThanOrEqualTo(waits);
    }

    @Test
    void aRankAlone() {
        assertAtMost(ofAToken("one device", GREEDY, "f32", devices.subList(0, 1)), 31, 50, 10);
    }

    @Test
    void allLogitsAreCopiedOnlyIfTheyAreWanted() {
        List<ShardFactory> one = devices.subList(0, 1);
        Map<String, Long> greedy = ofAToken("one device, the most likely token", GREEDY, "f32", one);
        Map<String, Long> whole = ofAToken("one device, all logits", LogitsRequest.ALL, "f32", one);
        assertThat(count(whole, "device to host")).isEqualTo(1 + count(greedy, "device to host"));
        assertThat(count(whole, "device to host bytes") - count(greedy, "device to host bytes"))
                .isBetween((long) Float.BYTES * SmallModel.VOCABULARY, Float.BYTES * (SmallModel.VOCABULARY + 4L));
    }

    private static long count(Map<String, Long> calls, String name) {
        return Objects.requireNonNull(calls.get(name));
    }

    @Test
    void aRankAloneWithCapturedGraphs() {
        ShardFactory capturing = ((TornadoShards) devices.getFirst()).withCapture(true);
        Map<String, Long> calls = ofAToken("one device, captured graphs", GREEDY, "f32", List.of(capturing));
        assertAtMost(calls, 0, 0, 18);
        assertThat(calls.get("graph launches")).as("one per execution").isEqualTo(1 + 2 * LAYERS);
    }

    /**
     * Attention over parts of the positions takes a launch more per layer, and its grids are the same for all tokens.
     */
    @Test
    void aRankAloneWithALongCache() {
        List<ShardFactory> one = devices.subList(0, 1);
        assertAtMost(ofAToken("one device, a long cache", LONG, GREEDY, "f32", one), 31 + LAYERS, 50 + LAYERS, 10);
        ShardFactory capturing = ((TornadoShards) one.getFirst()).withCapture(true);
        Map<String, Long> calls =
                ofAToken("one device, a long cache, captured graphs", LONG, GREEDY, "f32", List.of(capturing));
        assertThat(calls.get("graph launches")).as("one per execution").isEqualTo(1 + 2 * LAYERS);
    }

    /**
     * Through the host a rank's partial is copied to the host once, and only the others' are copied to its device. From
     * device to device no partial passes the host.
     */
    @Test
    void aRankOfAGroup() {
        Assumptions.assumeTrue(devices.size() > 1, "skipped: there is one CUDA device");
        Map<String, Long> staged = ofAToken("two devices through the host", GREEDY, COMM, devices.subList(0, 2));
        assertAtMost(staged, 78, 134, 36);
        Map<String, Long> peers = ofAToken("two devices, from device to device", GREEDY, COMM, connected(2, false));
        assertAtMost(peers, 78, 116, 20);
        assertCopies(peers, 2);
        long packet = WireFormat.parse(COMM).encodedBytes(1, SmallModel.WIDTH);
        assertThat(peers.get("peer bytes")).isEqualTo(2 * 2 * LAYERS * packet);
        long withHeader = packet + TornadoNativeArray.ARRAY_HEADER;
        assertThat(count(staged, "device to host bytes") - count(peers, "device to host bytes"))
                .isEqualTo(2 * 2 * LAYERS * withHeader);
        assertThat(count(staged, "host to device bytes") - count(peers, "host to device bytes"))
                .as("each graph takes the packet of the other rank")
                .isEqualTo(2 * (1 + 2 * LAYERS) * withHeader);
    }

    /** Peer copies are enqueued between captured graphs, and no thread waits for them. */
    @Test
    void aRankOfAGroupThatCopiesBetweenCapturedGraphs() {
        for (int ranks : new int[] {2, 4}) {
            Map<String, Long> calls = ofAToken(
                    ranks + " devices, from device to device, captured graphs", GREEDY, COMM, connected(ranks, true));
            assertAtMost(calls, 0, 0, 18 * ranks);
            assertThat(calls.get("graph launches")).as("one per execution").isEqualTo(ranks * (1L + 2 * LAYERS));
            assertCopies(calls, ranks);
        }
    }

    private List<ShardFactory> connected(int ranks, boolean captured) {
        return found.connected(ranks).stream()
                .map(shards -> (ShardFactory) shards.withCapture(captured))
                .toList();
    }

    /** Each rank copies the partials of the others, behind their events, and its own partial stays where it is. */
    private static void assertCopies(Map<String, Long> calls, int ranks) {
        long others = ranks * (ranks - 1L) * 2 * LAYERS;
        assertThat(calls.get("peer copies")).isEqualTo(others);
        assertThat(calls.get("event waits"))
                .as("for what was written, and for what was read before")
                .isEqualTo(2 * others);
    }
}
