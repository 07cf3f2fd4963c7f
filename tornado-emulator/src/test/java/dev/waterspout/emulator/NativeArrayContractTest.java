package dev.waterspout.emulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** The contract of the API's array types on the host. */
abstract class NativeArrayContractTest<A extends TornadoNativeArray> {
    private static final int[] SIZES = {0, 1, 31, 32, 33, 63, 64, 65, 1021, 4098};

    abstract A create(int size);

    abstract A fromSegment(MemorySegment elements);

    abstract A fromSegmentShallow(MemorySegment withHeader);

    abstract A fromHeap(A array);

    abstract A concat(A first, A second);

    abstract A slice(A array, int offset, int length);

    /** Sets an element to a long, converted to the element type. */
    abstract void set(A array, int index, long value);

    abstract void init(A array, long value);

    abstract void clear(A array);

    /** An element, as the long that it was set to, if the type can hold it. */
    abstract long get(A array, int index);

    abstract int elementBytes();

    private A random(int size, long seed) {
        Random random = new Random(seed);
        A array = create(size);
        for (int i = 0; i < size; i++) {
            set(array, i, random.nextInt(-128, 128));
        }
        return array;
    }

    private void assertSame(A actual, A expected) {
        assertThat(actual.getSegment().mismatch(expected.getSegment())).isEqualTo(-1);
        assertThat(actual.getSize()).isEqualTo(expected.getSize());
    }

    @Test
    void elementsFollowAHeaderWithTheirCount() {
        for (int size : SIZES) {
            A array = random(size, size);
            assertThat(TornadoNativeArray.ARRAY_HEADER).isEqualTo(16);
            assertThat(array.getSize()).isEqualTo(size);
            assertThat(array.getElementSize()).isEqualTo(elementBytes());
            assertThat(array.getNumBytesOfSegment()).isEqualTo((long) size * elementBytes());
            assertThat(array.getNumBytesOfSegmentWithHeader()).isEqualTo((long) size * elementBytes() + 16);
            assertThat(array.getSegmentWithHeader().get(ValueLayout.JAVA_INT, 0))
                    .isEqualTo(size);
            assertThat(array.getSegmentWithHeader().asSlice(16).mismatch(array.getSegment()))
                    .isEqualTo(-1);
        }
    }

    @Test
    void elementsAreKept() {
        A array = create(256);
        for (int i = 0; i < 256; i++) {
            assertThat(get(array, i)).isZero();
            set(array, i, i - 128);
        }
        for (int i = 0; i < 256; i++) {
            assertThat(get(array, i)).isEqualTo(i - 128);
        }
    }

    @Test
    void initSetsEveryElement() {
        A array = create(33);
        init(array, 7);
        assertThat(get(array, 0)).isEqualTo(7);
        assertThat(get(array, 32)).isEqualTo(7);
        clear(array);
        assertSame(array, create(33));
    }

    @Test
    void copiesAreEqualAndApart() {
        for (int size : SIZES) {
            A array = random(size, size);
            assertSame(fromSegment(array.getSegment()), array);
            assertSame(fromHeap(array), array);
        }
        A array = random(3, 1);
        A copy = fromSegment(array.getSegment());
        set(copy, 0, 99);
        assertThat(get(array, 0)).isNotEqualTo(99);
    }

    @Test
    void shallowViewSharesItsSegment() {
        MemorySegment segment = Arena.ofAuto().allocate(16 + 5L * elementBytes(), 64);
        A array = fromSegmentShallow(segment);
        assertThat(array.getSize()).isEqualTo(5);
        assertThat(segment.get(ValueLayout.JAVA_INT, 0)).isEqualTo(5);
        set(array, 4, 42);
        assertThat(segment.asSlice(16 + 4L * elementBytes()).mismatch(MemorySegment.ofArray(new byte[elementBytes()])))
                .isNotEqualTo(-1);
        assertThat(get(fromSegmentShallow(segment), 4)).isEqualTo(42);
    }

    @Test
    void partsAreCutAndJoined() {
        A array = random(65, 2);
        A joined = concat(slice(array, 0, 31), slice(array, 31, 34));
        assertSame(joined, array);
        assertThatThrownBy(() -> slice(array, 60, 6)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void wrongSizesAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> create(-1))
                .withMessage("number of elements is -1, must not be negative");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> fromSegmentShallow(Arena.ofAuto().allocate(15)))
                .withMessageContaining("15 bytes, fewer than the header's 16");
        if (elementBytes() > 1) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> fromSegment(Arena.ofAuto().allocate(elementBytes() + 1L)))
                    .withMessageContaining("not a multiple of the element size " + elementBytes());
        }
    }

    @Test
    void indicesOutsideAreRefusedOnTheHost() {
        A array = create(4);
        assertThatThrownBy(() -> get(array, 4)).isInstanceOf(IndexOutOfBoundsException.class);
    }
}
