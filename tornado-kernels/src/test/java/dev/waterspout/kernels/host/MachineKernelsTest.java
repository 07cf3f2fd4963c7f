package dev.waterspout.kernels.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.waterspout.kernels.machine.MachineCode;
import dev.waterspout.kernels.machine.NoMachineCodeException;
import dev.waterspout.kernels.testing.Pairwise;
import dev.waterspout.kernels.weights.WeightFormat;
import java.lang.foreign.MemorySegment;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The contract with f32 products in machine code, which are bit-equal to those of the Vector API. */
class MachineKernelsTest extends HostKernelsContract {
    static HostKernels machineKernels() {
        try {
            return HostKernels.machine(MachineCode.forThisMachine());
        } catch (NoMachineCodeException e) {
            return abort(e.getMessage());
        }
    }

    static Stream<Arguments> shapes() {
        return Int8KernelsTest.shapes();
    }

    static Stream<Arguments> allShapes() {
        return Int8KernelsTest.allShapes();
    }

    @Override
    HostKernels kernels() {
        return machineKernels();
    }

    @Tag(Pairwise.EXHAUSTIVE)
    @ParameterizedTest
    @MethodSource("allShapes")
    void linearHasTheBitsOfTheVectorApiAtAllShapes(WeightFormat format, int columns, int batch) {
        linearHasTheBitsOfTheVectorApi(format, columns, batch);
    }

    @ParameterizedTest
    @MethodSource("shapes")
    void linearHasTheBitsOfTheVectorApi(WeightFormat format, int columns, int batch) {
        int rows = 21;
        WeightMatrix weights =
                RandomWeights.create(arena, format, rows, columns, 2, 71).matrix();
        MemorySegment x = Segments.random(arena, (long) batch * columns, 72);
        MemorySegment expected = Segments.floats(arena, (long) batch * rows);
        MemorySegment actual = Segments.floats(arena, (long) batch * rows);
        HostKernels.vector().linear(weights, x, batch, expected, 3, rows, scratch);
        kernels.linear(weights, x, batch, actual, 3, rows, scratch);
        assertThat(Segments.bits(actual)).isEqualTo(Segments.bits(expected));
    }

    /** Rows of whole vectors, panels at the end of a matrix, few tokens and many. */
    @ParameterizedTest
    @CsvSource({
        "F16, 16, 1", "F16, 1024, 1", "F16, 1520, 2", "F16, 528, 3", "F16, 1520, 4", "F16, 48, 33",
        "BF16, 16, 3", "BF16, 1520, 1", "BF16, 1040, 33", "F32, 48, 1", "F32, 1520, 2", "F32, 1040, 5"
    })
    void wholeVectorsOfFloatsHaveTheBitsOfTheVectorApi(WeightFormat format, int columns, int batch) {
        int rows = 53;
        WeightMatrix weights =
                RandomWeights.create(arena, format, rows, columns, 2, 75).matrix();
        MemorySegment x = Segments.random(arena, (long) batch * columns, 76);
        MemorySegment expected = Segments.floats(arena, (long) batch * rows);
        MemorySegment actual = Segments.floats(arena, (long) batch * rows);
        HostKernels.vector().linear(weights, x, batch, expected, 3, rows, scratch);
        kernels.linear(weights, x, batch, actual, 3, rows, scratch);
        assertThat(Segments.bits(actual)).isEqualTo(Segments.bits(expected));
        MemorySegment expectedRow = Segments.floats(arena, columns);
        MemorySegment actualRow = Segments.floats(arena, columns);
        HostKernels.vector().embed(weights, 7, expectedRow, 0);
        kernels.embed(weights, 7, actualRow, 0);
        assertThat(Segments.bits(actualRow)).isEqualTo(Segments.bits(expectedRow));
    }

    @ParameterizedTest
    @CsvSource({"4, 2, 64, 100, 37", "6, 1, 80, 0, 70", "2, 2, 8, 250, 20", "7, 1, 133, 120, 9", "2, 1, 3, 0, 5"})
    void attentionHasTheBitsOfTheVectorApi(int heads, int kvHeads, int headDim, int firstPosition, int rows) {
        AttentionCall call = AttentionCase.random(arena, heads, kvHeads, headDim, firstPosition, rows)
                .call();
        MemorySegment output = Segments.floats(arena, (long) rows * heads * headDim);
        AttentionCall other = new AttentionCall(call.cache(), call.queries(), output, heads, firstPosition, rows);
        HostKernels.vector().attention(call, 0, call.units(), scratch);
        kernels.attention(other, 0, call.units(), scratch);
        assertThat(Segments.bits(output)).isEqualTo(Segments.bits(call.output()));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 37})
    void gatesHaveTheBitsOfTheVectorApi(int count) {
        MemorySegment up = Segments.random(arena, count + 5L, 73);
        MemorySegment actual = Segments.random(arena, count + 5L, 74);
        MemorySegment expected = Segments.copy(arena, actual);
        HostKernels.vector().gate(GateFunction.SWIGLU, expected, up, 3, count + 3);
        kernels.gate(GateFunction.SWIGLU, actual, up, 3, count + 3);
        assertThat(Segments.bits(actual)).isEqualTo(Segments.bits(expected));
    }
}
