package dev.waterspout.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.waterspout.kernels.vector.Layouts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** The records of operands refuse inconsistent sizes. */
class OperandsTest {
    private static MemorySegment floats(int count) {
        return Arena.ofAuto().allocate(count * 4L);
    }

    @Test
    void rotaryTableRefusesWrongShapes() {
        assertThatIllegalArgumentException().isThrownBy(() -> new RotaryTable(floats(8), 0, 4, RopePairing.HALVES));
        assertThatIllegalArgumentException().isThrownBy(() -> new RotaryTable(floats(8), 1, 3, RopePairing.HALVES));
        assertThatIllegalArgumentException().isThrownBy(() -> new RotaryTable(floats(8), 1, 0, RopePairing.HALVES));
        assertThatIllegalArgumentException().isThrownBy(() -> new RotaryTable(floats(7), 1, 4, RopePairing.HALVES));
        RotaryTable table = new RotaryTable(floats(8), 1, 4, RopePairing.HALVES);
        assertThatIllegalArgumentException().isThrownBy(() -> table.set(1, 0, 1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> table.set(0, 2, 1, 0));
    }

    @Test
    void rotaryTableIsLaidOutAsDocumented() {
        MemorySegment halves = floats(8);
        new RotaryTable(halves, 1, 4, RopePairing.HALVES).set(0, 1, 0.5f, 0.25f);
        assertThat(halves.toArray(Layouts.F32)).containsExactly(0, 0.5f, 0, 0.5f, 0, -0.25f, 0, 0.25f);
        MemorySegment adjacent = floats(8);
        new RotaryTable(adjacent, 1, 4, RopePairing.ADJACENT).set(0, 1, 0.5f, 0.25f);
        assertThat(adjacent.toArray(Layouts.F32)).containsExactly(0, 0, 0.5f, 0.5f, 0, 0, -0.25f, 0.25f);
    }

    @Test
    void cacheRefusesWrongShapes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KvCacheView(floats(16), floats(16), CacheType.F32, 0, 1, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KvCacheView(floats(16), floats(16), CacheType.F32, 1, 0, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KvCacheView(floats(16), floats(16), CacheType.F32, 1, 1, 1025));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KvCacheView(floats(15), floats(16), CacheType.F32, 2, 2, 4));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new KvCacheView(floats(16), floats(15), CacheType.F32, 2, 2, 4));
    }

    @Test
    void attentionCallRefusesWrongShapes() {
        KvCacheView cache = new KvCacheView(floats(32), floats(32), CacheType.F32, 2, 4, 4);
        assertThat(new AttentionCall(cache, floats(32), floats(32), 4, 2, 2).units())
                .isEqualTo(8);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionCall(cache, floats(32), floats(32), 3, 0, 1))
                .withMessage("heads=3: must be a multiple of kvHeads=2");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionCall(cache, floats(99), floats(99), 4, 3, 2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionCall(cache, floats(99), floats(99), 4, -1, 2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionCall(cache, floats(99), floats(99), 4, 0, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionCall(cache, floats(31), floats(32), 4, 2, 2));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new AttentionCall(cache, floats(32), floats(31), 4, 2, 2));
    }

    @Test
    void headShapeRefusesWrongShapes() {
        assertThatIllegalArgumentException().isThrownBy(() -> new HeadShape(0, 4));
        assertThatIllegalArgumentException().isThrownBy(() -> new HeadShape(4, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new HeadShape(1 << 16, 1 << 16));
    }
}
