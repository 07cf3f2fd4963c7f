package dev.waterspout.engine.tornado;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.gguf.GgufFile;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.ShardPlan;
import dev.waterspout.engine.plan.Split;
import dev.waterspout.kernels.testing.TestData;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** Architectures that devices refuse, and their messages. */
class DeviceTraitsTest {
    @Test
    void refusesReplicatedAttention() throws IOException {
        try (Model model = new Model(GgufFile.open(TestData.require("arch/qwen3.gguf")))) {
            Shard sharded = ShardPlan.of(model, 2, Split.EQUAL).shards().getFirst();
            assertThatCode(() -> DeviceTraits.requireDividedAttention("opencl:0", sharded))
                    .doesNotThrowAnyException();
            Shard whole = ShardPlan.of(model, 2, Split.EQUAL.withWholeAttention(true))
                    .shards()
                    .getFirst();
            assertThatThrownBy(() -> DeviceTraits.requireDividedAttention("opencl:0", whole))
                    .isInstanceOf(DeviceException.class)
                    .hasMessage("device opencl:0 does not support replicated attention; use --attention sharded or"
                            + " the host");
        }
    }
}
