package dev.waterspout.engine.generate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.waterspout.engine.batch.Step;
import dev.waterspout.engine.batch.Step.BlockCopy;
import dev.waterspout.engine.batch.Step.Chunk;
import dev.waterspout.engine.batch.Step.TableChange;
import java.nio.IntBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class OrderTest {
    @Test
    void aBroadcastStepHasNoSequenceIds() {
        Step step = new Step(
                List.of(new TableChange(3, 2, List.of(17, 4), List.of(1, 0)), new TableChange(0, 0, List.of(9))),
                List.of(new BlockCopy(1, 9, 0, 2), new BlockCopy(9, 4, 9, 4)),
                List.of(
                        new Chunk(77, 3, 300, List.of(12), true),
                        new Chunk(78, 0, 0, List.of(5, 6, 7), false),
                        new Chunk(90, 1, 4, List.of(8, 8), true)));
        int[] words = Order.Run.words(step).stream().mapToInt(Integer::intValue).toArray();
        IntBuffer read = IntBuffer.wrap(words);
        Step received = Order.Run.step(read);
        assertThat(read.hasRemaining()).isFalse();
        assertThat(received.tables()).isEqualTo(step.tables());
        assertThat(received.copies()).isEqualTo(step.copies());
        assertThat(received.chunks())
                .containsExactly(
                        new Chunk(0, 3, 300, List.of(12), true),
                        new Chunk(0, 0, 0, List.of(5, 6, 7), false),
                        new Chunk(0, 1, 4, List.of(8, 8), true));
    }
}
