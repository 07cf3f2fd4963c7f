package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.logits.Candidates;
import dev.waterspout.engine.logits.LogitsRequest;
import dev.waterspout.engine.logits.Ranking;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.model.ModelException;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.testing.SmallModel;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.TopLogits;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares candidates that devices select with all logits of the same pass, alone and in groups with the host. */
class DeviceCandidatesTest {
    private static final int TOKENS = SmallModel.VOCABULARY;
    private static final List<LogitsRequest> REQUESTS = List.of(
            LogitsRequest.best(TOKENS, 1, List.of(), List.of()),
            LogitsRequest.best(TOKENS, 1, List.of(1.0), List.of()),
            LogitsRequest.best(TOKENS - 5, 5, List.of(0.7, 1.0), List.of()),
            LogitsRequest.best(TOKENS, 8, List.of(1e-40), List.of()),
            LogitsRequest.best(TOKENS, 3, List.of(1.0), List.of(2, 200)),
            LogitsRequest.best(TOKENS, 40, List.of(1.0), List.of()));

    static Stream<Device> devices() {
        return new DeviceCatalog()
                .list().stream().filter(device -> !device.name().equals("host"));
    }

    static Stream<Arguments> groups() {
        Device host = new DeviceCatalog()
                .list().stream()
                        .filter(device -> device.name().equals("host"))
                        .findFirst()
                        .orElseThrow();
        return devices()
                .flatMap(device -> Stream.of(List.of(device), List.of(device, host), List.of(host, device)))
                .map(devices -> Arguments.of(devices.stream().map(Device::name).toList(), devices));
    }

    private static RankGroup group(Model model, List<Device> devices) {
        RankOptions options =
                new RankOptions(4, 1, 1, CommSchedule.fixed(WireFormat.parse("f32")), Duration.ofMinutes(2));
        RankGroup group = RankGroup.inProcess(
                model,
                ShardPlan.of(model, devices.size(), List.of()),
                options,
                devices.stream().map(Device::shards).toList());
        group.preload((bytes, total) -> {});
        return group;
    }

    @ParameterizedTest
    @MethodSource("groups")
    void candidatesAreTheLargestOfAllLogits(List<String> names, List<Device> devices) {
        try (Model model = SmallModel.of("llama").load();
                RankGroup group = group(model, devices)) {
            for (LogitsRequest request : devices.size() == 1 ? REQUESTS : REQUESTS.subList(1, 3)) {
                group.forward(new int[] {90}, 0, request);
                Candidates candidates = group.candidates(0).require("none");
                group.gather(0, LogitsRequest.ALL);
                float[] all = group.logits(0)
                        .asSlice(0, (long) Float.BYTES * request.vocabulary())
                        .toArray(ValueLayout.JAVA_FLOAT);
                assertCandidates(candidates, all);
            }
        }
    }

    private static void assertCandidates(Candidates candidates, float[] all) {
        LogitsRequest request = candidates.request();
        Ranking found = candidates.ranking(candidates.named());
        Ranking expected = Ranking.top(all, found.size());
        assertThat(found.size()).isGreaterThanOrEqualTo(request.best());
        for (int place = 0; place < found.size(); place++) {
            assertThat(found.id(place)).isEqualTo(expected.id(place));
            assertThat(found.logit(place)).isEqualTo(expected.logit(place));
        }
        for (double temperature : request.temperatures()) {
            double sum = expected.sum(expected.odds(temperature), temperature);
            assertThat(found.sum(found.odds(temperature), temperature)).isCloseTo(sum, within(found.slack(sum)));
            assertThat(found.slack(sum)).isLessThan(2 * TopLogits.SUM_ERROR * sum);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void damagedLogitsAreReported(Device device) {
        SmallModel damaged = SmallModel.of("llama");
        damaged.values("output.weight")[7 * SmallModel.WIDTH] = Float.NaN;
        try (Model model = damaged.load();
                RankGroup group = group(model, List.of(device))) {
            group.forward(new int[] {90}, 0, REQUESTS.getFirst());
            Candidates candidates = group.candidates(0);
            assertThatThrownBy(() -> candidates.require("damaged weights"))
                    .isInstanceOf(ModelException.class)
                    .hasMessage("the logit of token 7 is not a number; likely cause: damaged weights");
        }
    }
}
