package dev.waterspout.engine.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A metadata value. Values are immutable and stay valid after their file is closed. */
public sealed interface GgufValue {
    /** The value's type in a file. */
    GgufValueType type();

    /** The value as one line of text: long strings are cut, arrays are {@code type[count]} and the first few. */
    String render();

    /**
     * An integer of any width.
     *
     * @param type an integer type
     * @param bits the value; a uint64 above 2^63 - 1 is negative here
     */
    record Int(GgufValueType type, long bits) implements GgufValue {
        /** Checks that the type is an integer's and can hold the value. */
        public Int {
            if (!type.isInteger()) {
                throw new IllegalArgumentException("type=" + type + " must be an integer type");
            }
            int width = Long.SIZE - Byte.SIZE * type.minimumBytes();
            boolean signed = Numbers.isSigned(type);
            if ((signed ? bits << width >> width : bits << width >>> width) != bits) {
                throw new IllegalArgumentException("value=" + bits + " must fit the type " + type);
            }
        }

        @Override
        public String render() {
            return type == GgufValueType.UINT64 ? Long.toUnsignedString(bits) : Long.toString(bits);
        }
    }

    /**
     * A floating-point number.
     *
     * @param type {@link GgufValueType#FLOAT32} or {@link GgufValueType#FLOAT64}
     * @param value the value; a float32 widened
     */
    record Real(GgufValueType type, double value) implements GgufValue {
        /** Checks that the type is a floating-point number's. */
        public Real {
            if (!type.isReal()) {
                throw new IllegalArgumentException("type=" + type + " must be float32 or float64");
            }
        }

        @Override
        public String render() {
            return type == GgufValueType.FLOAT32 ? Float.toString((float) value) : Double.toString(value);
        }
    }

    /**
     * A truth value.
     *
     * @param value the value
     */
    record Bool(boolean value) implements GgufValue {
        @Override
        public GgufValueType type() {
            return GgufValueType.BOOL;
        }

        @Override
        public String render() {
            return Boolean.toString(value);
        }
    }

    /**
     * A string.
     *
     * @param value the text; bytes that are not UTF-8 were replaced
     */
    record Text(String value) implements GgufValue {
        @Override
        public GgufValueType type() {
            return GgufValueType.STRING;
        }

        @Override
        public String render() {
            return Printable.quote(value);
        }
    }

    /** An array: its elements are all of one type. */
    sealed interface Array extends GgufValue {
        /** How many of the first elements {@link #render()} shows. */
        int RENDERED = 4;

        /** The type of the elements. */
        GgufValueType elementType();

        /** The number of elements. */
        int count();

        /** One element as one line of text. */
        String render(int index);

        @Override
        default GgufValueType type() {
            return GgufValueType.ARRAY;
        }

        @Override
        default String render() {
            String first = IntStream.range(0, Math.min(count(), RENDERED))
                    .mapToObj(this::render)
                    .collect(Collectors.joining(", "));
            return elementType() + "[" + count() + "] {" + first + (count() > RENDERED ? ", ...}" : "}");
        }
    }

    /**
     * An array of strings.
     *
     * @param values the strings
     */
    record Strings(List<String> values) implements Array {
        /** Keeps an unmodifiable copy. */
        public Strings {
            values = List.copyOf(values);
        }

        @Override
        public GgufValueType elementType() {
            return GgufValueType.STRING;
        }

        @Override
        public int count() {
            return values.size();
        }

        @Override
        public String render(int index) {
            return Printable.quote(values.get(index));
        }
    }

    /**
     * An array of arrays.
     *
     * @param values the inner arrays
     */
    record Arrays(List<Array> values) implements Array {
        /** Keeps an unmodifiable copy. */
        public Arrays {
            values = List.copyOf(values);
        }

        @Override
        public GgufValueType elementType() {
            return GgufValueType.ARRAY;
        }

        @Override
        public int count() {
            return values.size();
        }

        @Override
        public String render(int index) {
            return values.get(index).render();
        }
    }

    /**
     * An array of numbers or bools, kept as in a file: a vocabulary's scores and types are not boxed. Build one with
     * {@link #ofInts}, {@link #ofLongs}, {@link #ofFloats}, {@link #ofDoubles} or {@link #ofBools}.
     */
    final class Numbers implements Array {
        private final GgufValueType elementType;
        private final MemorySegment raw;

        /** Takes over a heap segment of whole little-endian elements that nobody else writes to. */
        Numbers(GgufValueType elementType, MemorySegment raw) {
            this.elementType = elementType;
            this.raw = raw.asReadOnly();
        }

        /**
         * An array of integers.
         *
         * @param type an integer type that holds every value
         * @param values the elements; a uint64 above 2^63 - 1 is negative here
         */
        public static Numbers ofLongs(GgufValueType type, long... values) {
            MemorySegment raw = allocate(type, values.length);
            for (int i = 0; i < values.length; i++) {
                long bits = new Int(type, values[i]).bits();
                switch (type.minimumBytes()) {
                    case 1 -> raw.set(ValueLayout.JAVA_BYTE, i, (byte) bits);
                    case 2 -> raw.set(Layouts.SHORT, 2L * i, (short) bits);
                    case 4 -> raw.set(Layouts.INT, 4L * i, (int) bits);
                    default -> raw.set(Layouts.LONG, 8L * i, bits);
                }
            }
            return new Numbers(type, raw);
        }

        /** An array of int32. */
        public static Numbers ofInts(int... values) {
            return ofLongs(
                    GgufValueType.INT32, IntStream.of(values).asLongStream().toArray());
        }

        /** An array of float32. */
        public static Numbers ofFloats(float... values) {
            MemorySegment raw = allocate(GgufValueType.FLOAT32, values.length);
            MemorySegment.copy(values, 0, raw, Layouts.FLOAT, 0, values.length);
            return new Numbers(GgufValueType.FLOAT32, raw);
        }

        /** An array of float64. */
        public static Numbers ofDoubles(double... values) {
            MemorySegment raw = allocate(GgufValueType.FLOAT64, values.length);
            MemorySegment.copy(values, 0, raw, Layouts.DOUBLE, 0, values.length);
            return new Numbers(GgufValueType.FLOAT64, raw);
        }

        /** An array of bools. */
        public static Numbers ofBools(boolean... values) {
            MemorySegment raw = allocate(GgufValueType.BOOL, values.length);
            for (int i = 0; i < values.length; i++) {
                raw.set(ValueLayout.JAVA_BYTE, i, (byte) (values[i] ? 1 : 0));
            }
            return new Numbers(GgufValueType.BOOL, raw);
        }

        @Override
        public GgufValueType elementType() {
            return elementType;
        }

        @Override
        public int count() {
            return (int) (raw.byteSize() / elementType.minimumBytes());
        }

        /**
         * An element of an array of integers or bools.
         *
         * @return the value; a uint64 above 2^63 - 1 is negative here, true is 1
         * @throws IllegalStateException if the elements are floating-point numbers
         */
        public long integer(int index) {
            return switch (elementType) {
                case INT8 -> raw.get(ValueLayout.JAVA_BYTE, index);
                case UINT8, BOOL -> Byte.toUnsignedLong(raw.get(ValueLayout.JAVA_BYTE, index));
                case INT16 -> raw.get(Layouts.SHORT, 2L * index);
                case UINT16 -> Short.toUnsignedLong(raw.get(Layouts.SHORT, 2L * index));
                case INT32 -> raw.get(Layouts.INT, 4L * index);
                case UINT32 -> Integer.toUnsignedLong(raw.get(Layouts.INT, 4L * index));
                case INT64, UINT64 -> raw.get(Layouts.LONG, 8L * index);
                default -> throw new IllegalStateException("the elements are " + elementType + ", not integers");
            };
        }

        /**
         * An element of an array of floating-point numbers.
         *
         * @return the value; a float32 widened
         * @throws IllegalStateException if the elements are not floating-point numbers
         */
        public double real(int index) {
            return switch (elementType) {
                case FLOAT32 -> raw.get(Layouts.FLOAT, 4L * index);
                case FLOAT64 -> raw.get(Layouts.DOUBLE, 8L * index);
                default -> throw new IllegalStateException("the elements are " + elementType + ", not real numbers");
            };
        }

        @Override
        public String render(int index) {
            if (elementType == GgufValueType.BOOL) {
                return Boolean.toString(integer(index) != 0);
            }
            return elementType.isReal()
                    ? new Real(elementType, real(index)).render()
                    : new Int(elementType, integer(index)).render();
        }

        /** The elements as in a file: little-endian, without gaps, read-only. */
        MemorySegment raw() {
            return raw;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Numbers that && elementType == that.elementType && raw.mismatch(that.raw) < 0;
        }

        @Override
        public int hashCode() {
            return 31 * elementType.hashCode() + Long.hashCode(raw.byteSize());
        }

        @Override
        public String toString() {
            return render();
        }

        static boolean isSigned(GgufValueType type) {
            return switch (type) {
                case INT8, INT16, INT32, INT64 -> true;
                default -> false;
            };
        }

        private static MemorySegment allocate(GgufValueType type, int count) {
            return MemorySegment.ofArray(new byte[Math.multiplyExact(count, type.minimumBytes())]);
        }
    }
}
