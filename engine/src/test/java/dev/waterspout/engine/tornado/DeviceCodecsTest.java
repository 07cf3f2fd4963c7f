package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.device.Device;
import dev.waterspout.engine.device.DeviceCatalog;
import dev.waterspout.engine.forward.CodecSize;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.kernels.codec.WireFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs on every available device: the emulator's by default, an SDK's with the profile tornadovm. */
@Timeout(120)
class DeviceCodecsTest {
    private static final CodecSize SIZE = new CodecSize(3, 64, 2);

    static Stream<Device> devices() {
        return TornadoShardTest.devices();
    }

    private static List<WireFormat> formats(String... labels) {
        return Stream.of(labels).map(WireFormat::parse).toList();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void measuresTheFormatsThatADeviceCanEncode(Device device) {
        CodecCosts profile =
                device.shards().codecs(formats("f32", "bf16", "e2m1:32:e8m0", "f16", "int4:token", "topk:8"), SIZE);
        assertThat(profile.costs().keySet()).containsExactlyElementsOf(formats("f32", "bf16", "e2m1:32:e8m0"));
        profile.costs().forEach((format, cost) -> {
            double elements = 2 * SIZE.columns();
            assertThat(cost.decodeSum().seconds(1, elements)).as(format.label()).isPositive();
            assertThat(cost.reduce().seconds(1, elements)).as(format.label()).isPositive();
            assertThat(cost.encode().seconds(1, elements)).as(format.label()).isNotNegative();
        });
    }

    @Test
    void leavesTheHostsCodecToThePolicy() {
        Device host = new DeviceCatalog().list().getFirst();
        assertThat(host.shards().codecs(formats("f32"), SIZE)).isEqualTo(CodecCosts.NONE);
    }
}
