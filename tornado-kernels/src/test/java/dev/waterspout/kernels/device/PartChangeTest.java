package dev.waterspout.kernels.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.waterspout.kernels.device.TestDevice.TestPlan;
import dev.waterspout.kernels.weights.DeviceTables;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Rows that are stored come back unchanged, and other rows stay as they are. */
class PartChangeTest {
    private static final int ROWS = 7;
    private static final int WIDTH = 37;
    private static final int BYTES = 21;

    static Stream<TestDevice> devices() {
        return TestDevice.ofEachKind();
    }

    private final FloatArray part = Operands.gaussian(new Random(1), ROWS * WIDTH);
    private final FloatArray stored = Operands.gaussian(new Random(2), ROWS * WIDTH);
    private final ByteArray packed = bytes(3);
    private final ByteArray storedBytes = bytes(4);

    private static ByteArray bytes(int seed) {
        byte[] random = new byte[ROWS * BYTES];
        new Random(seed).nextBytes(random);
        return ByteArray.fromArray(random);
    }

    private static PartChange change(KernelGraph graph) {
        return new PartChange(graph);
    }

    private static KernelGraph graph(TestDevice device) {
        return new KernelGraph("test", device.kernels(), ROWS, Operands.step(0, 1), DeviceTables.create());
    }

    @ParameterizedTest
    @MethodSource("devices")
    void storesOnePartAndLoadsAnother(TestDevice device) {
        KernelGraph graph = graph(device);
        graph.taskGraph().transferToDevice(DataTransferMode.EVERY_EXECUTION, part, stored, packed, storedBytes);
        PartChange change = change(graph);
        change.add("floats", part, stored, WIDTH);
        change.add("bytes", packed, storedBytes, BYTES);
        graph.taskGraph().transferToHost(DataTransferMode.EVERY_EXECUTION, part, stored, packed, storedBytes);
        try (TestPlan plan = device.plan(graph)) {
            change(plan, change, 0, 3, 4, 2);
            change(plan, change, 4, 2, 0, 3);
            change(plan, change, 0, ROWS, 0, 0);
            change(plan, change, 0, 0, 5, 2);
        }
    }

    /** Executes a change and compares every element with copies on the host. */
    private void change(TestPlan plan, PartChange change, int storeFrom, int storeRows, int loadFrom, int loadRows) {
        float[] floats = part.toHeapArray();
        float[] storedFloats = stored.toHeapArray();
        byte[] codes = packed.toHeapArray();
        byte[] storedCodes = storedBytes.toHeapArray();
        System.arraycopy(floats, 0, storedFloats, storeFrom * WIDTH, storeRows * WIDTH);
        System.arraycopy(codes, 0, storedCodes, storeFrom * BYTES, storeRows * BYTES);
        System.arraycopy(storedFloats, loadFrom * WIDTH, floats, 0, loadRows * WIDTH);
        System.arraycopy(storedCodes, loadFrom * BYTES, codes, 0, loadRows * BYTES);
        change.set(storeFrom, storeRows, loadFrom, loadRows);
        plan.execute();
        assertThat(part.toHeapArray()).containsExactly(floats);
        assertThat(stored.toHeapArray()).containsExactly(storedFloats);
        assertThat(packed.toHeapArray()).containsExactly(codes);
        assertThat(storedBytes.toHeapArray()).containsExactly(storedCodes);
    }

    @Test
    void refusesRowsBeyondThePassAndRowsThatAreStoredAndLoaded() {
        PartChange change = change(graph(devices().findFirst().orElseThrow()));
        assertThatThrownBy(() -> change.set(5, 3, 0, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("3 stored rows from row 5: a pass has at most 7");
        assertThatThrownBy(() -> change.set(0, 3, 2, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("rows 2 to 3 are loaded, and rows 0 to 2 are stored");
        assertThatThrownBy(() -> change.add("same", part, part, WIDTH)).isInstanceOf(IllegalArgumentException.class);
    }
}
