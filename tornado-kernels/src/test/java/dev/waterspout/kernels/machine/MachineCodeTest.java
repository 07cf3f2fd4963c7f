package dev.waterspout.kernels.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The kernels give the bits of their definitions, on this processor and, by simulation, on others. */
class MachineCodeTest {
    static List<MachineCode> machines() {
        return Stream.concat(
                        MachineCode.all().stream(),
                        Stream.of(Isa.values()).map(isa -> MachineCode.of(isa, Simulator::call)))
                .toList();
    }

    static Stream<Object[]> quants() {
        List<Quants> quants = List.of(
                new Quants(32, false, -128, 127),
                new Quants(16, false, -128, 127),
                new Quants(32, false, -8, 7),
                new Quants(32, true, 0, 15),
                new Quants(16, true, 0, 3),
                new Quants(16, false, -4, 3),
                new Quants(32, true, 0, 31),
                new Quants(16, false, -32, 31),
                new Quants(16, false, -43, 43),
                new Quants(32, false, -62, 62));
        return machines().stream().flatMap(machine -> quants.stream().map(q -> new Object[] {machine, q}));
    }

    @ParameterizedTest
    @MethodSource("quants")
    void productsOfBytesHaveTheBitsOfTheDefinition(MachineCode machine, Quants quants) {
        assertThat(machine.bytes(quants)).isPresent();
    }

    static Stream<Object[]> tiles() {
        return machines().stream()
                .flatMap(machine -> Stream.of(128, 256, 512)
                        .filter(bits -> bits <= machine.isa().bits())
                        .flatMap(bits -> Stream.of(1, 4, 8).map(rows -> new Object[] {machine, bits, rows})));
    }

    @ParameterizedTest
    @MethodSource("tiles")
    void productsOfFloatsHaveTheBitsOfTheDefinition(MachineCode machine, int bits, int rows) {
        int vector = bits / Byte.SIZE;
        for (boolean fresh : new boolean[] {true, false}) {
            FloatTile near = new FloatTile(bits, rows, 1, 5 * vector, 4 * vector, vector, 16 * vector, fresh);
            assertThat(machine.floats(near)).isPresent();
        }
    }

    @ParameterizedTest
    @MethodSource("tiles")
    void weightedSumsHaveTheBitsOfTheDefinition(MachineCode machine, int bits, int vectors) {
        int vector = bits / Byte.SIZE;
        for (int units : new int[] {1, 2, 5, ValueTile.MOST_UNITS}) {
            int most = Math.min(vectors, ValueTile.mostVectors(units));
            int row = vectors * vector;
            assertThat(machine.values(new ValueTile(bits, units, most, row + 4, 20, row)))
                    .isPresent();
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void exponentialsHaveTheBitsOfTheDefinition(MachineCode machine) {
        for (int lanes : new int[] {4, 8, 16}) {
            assertThat(machine.exponentials(lanes)).isPresent();
        }
        assertThat(machine.swiglu()).isPresent();
    }

    @ParameterizedTest
    @MethodSource("machines")
    void operationsOnElementsHaveTheBitsOfTheDefinition(MachineCode machine) {
        for (int lanes : new int[] {4, 8, 16}) {
            assertThat(machine.elements(lanes)).isPresent();
        }
        for (int elements : new int[] {16, 64, 80, 128}) {
            assertThat(machine.rotary(true, elements, 1024)).isPresent();
            assertThat(machine.rotary(false, elements, 512)).isPresent();
        }
        assertThat(machine.rotary(true, 24, 96)).isPresent();
        assertThat(machine.rotary(false, 24, 96)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("machines")
    void storedFloatsAreExpandedAndMultipliedWithTheBitsOfTheDefinition(MachineCode machine) {
        for (int lanes : new int[] {4, 8, 16}) {
            if (lanes <= machine.isa().lanes()) {
                assertThat(machine.totals(lanes)).isPresent();
                for (FloatStorage storage : FloatStorage.values()) {
                    assertThat(machine.expansions(storage, lanes, 3 * lanes * Float.BYTES, 64))
                            .isPresent();
                    for (int tokens = 1; tokens <= FloatRowKernels.MOST_TOKENS; tokens++) {
                        int columns = (2 * tokens + 1) * lanes;
                        int stride = columns * storage.bytes() + 6;
                        assertThat(machine.floatRows(storage, lanes, tokens, stride, columns))
                                .isPresent();
                        assertThat(machine.floatRows(storage, lanes, tokens, stride, columns - 1))
                                .isEmpty();
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void rowsAreTransposed(MachineCode machine) {
        assertThat(machine.transposes(36, 2 * machine.isa().bytes())).isPresent();
        assertThat(machine.transposes(
                        4 * TransposeKernels.COLUMNS, machine.isa().bytes() + 4))
                .isPresent();
    }
}
