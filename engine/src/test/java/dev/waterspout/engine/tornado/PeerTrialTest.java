package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.generate.RankThreads;
import dev.waterspout.interconnect.policy.Algorithm;
import dev.waterspout.interconnect.policy.CommChoice;
import dev.waterspout.interconnect.policy.CommSchedule;
import dev.waterspout.kernels.codec.WireFormat;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class PeerTrialTest {
    private static final Duration WAIT = Duration.ofMinutes(1);

    private static List<ShardFactory> connected(String backend) {
        List<ShardFactory> devices = new DeviceCatalog()
                .list().stream()
                        .filter(device -> device.name().startsWith("tornado:" + backend + ":"))
                        .map(Device::shards)
                        .toList();
        assumeTrue(devices.size() > 1, "skipped: needs two devices of an SDK's backend " + backend);
        return ((PeerShards.Result.Connected) PeerShards.connect(devices.subList(0, 2))).shards();
    }

    private static PeerTrial trial(String backend, CommSchedule schedule) {
        List<ShardFactory> connected = connected(backend);
        PeerTrial trial = new PeerTrial(connected, new RankOptions(64, 32, 1, schedule, WAIT), 256);
        try (RankThreads threads = RankThreads.inProcess(2, WAIT)) {
            threads.run(member -> trial.run(member.exchange()));
        }
        return trial;
    }

    @Test
    void takesTheSlowestRanksLowerQuartile() {
        double[][] rounds = {{1, 8}, {9, 2}, {3, 3}, {90, 1}, {4, 5}};
        assertThat(PeerTrial.typical(rounds)).isEqualTo(5);
        assertThat(PeerTrial.typical(new double[][] {{1, 2}})).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"opencl, f32", "opencl, bf16", "opencl, e2m1:32:e8m0", "cuda, e2m1:32:e8m0"})
    void timesBothPaths(String backend, String format) {
        PeerTrial trial = trial(backend, CommSchedule.fixed(WireFormat.parse(format)));
        assertThat(trial.explain())
                .matches("partials between devices: prefill .* \\([0-9]+ bytes: [1-9][0-9]* us from device to device, "
                        + "[1-9][0-9]* us through the host\\); decode .* us through the host\\)");
        assertThat(trial.explain().contains("prefill from device"))
                .isEqualTo(trial.decide().prefill());
        assertThat(trial.explain().contains("decode from device"))
                .isEqualTo(trial.decide().decode());
    }

    @Test
    void twoStepsGoThroughTheHost() {
        PeerTrial trial = trial(
                "opencl",
                CommSchedule.fixed(new CommChoice(Algorithm.TWOSTEP, WireFormat.parse("f32"), CommChoice.UNCUT)));
        assertThat(trial.decide()).isEqualTo(new PeerUse(false, false));
        assertThat(trial.explain()).contains("prefill through the host: only all-gathers");
    }
}
