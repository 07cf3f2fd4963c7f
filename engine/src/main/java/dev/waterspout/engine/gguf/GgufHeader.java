package dev.waterspout.engine.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a file: everything before the tensors' data. Versions 2 and 3 share one layout, little-endian and
 * without gaps:
 *
 * <pre>
 *   magic "GGUF" | version u32 | tensor count u64 | metadata count u64
 *   metadata:  key string | value type u32 | value                           x metadata count
 *   tensor:    name string | dimensions u32 | u64 each | type u32 | offset u64   x tensor count
 *   padding to general.alignment (32 if absent), then data: a tensor's offset counts from here
 * </pre>
 *
 * <p>Source: the GGUF specification in ggml's documentation.
 *
 * @param version 2 or 3
 * @param metadata the metadata
 * @param tensors by name, in file order
 */
record GgufHeader(int version, GgufMetadata metadata, Map<String, GgufTensor> tensors) {
    static final int MAGIC = 'G' | ('G' << 8) | ('U' << 16) | ('F' << 24);
    static final int NEWEST_VERSION = 3;
    static final String ALIGNMENT_KEY = "general.alignment";
    static final int DEFAULT_ALIGNMENT = 32;
    static final int MIN_ALIGNMENT = 8;
    static final int MAX_ALIGNMENT = 1 << 30;

    /** The longest key that the specification allows. The same limit applies to names of tensors here. */
    static final int MAX_NAME_BYTES = 65_535;

    private static final int OLDEST_VERSION = 2;
    private static final int MIN_METADATA_BYTES = 14;
    private static final int MIN_TENSOR_BYTES = 33;

    /** A tensor as described in the header, its data not yet located. */
    private record Entry(long at, String name, GgmlType type, List<Long> dimensions, long dataOffset, long bytes) {}

    /** Reads the header of a file and checks that every tensor is within the file and overlaps no other. */
    static GgufHeader read(String file, MemorySegment data) {
        checkMagic(file, data);
        GgufCursor cursor = new GgufCursor(file, data);
        cursor.int32("the magic");
        int version = version(file, cursor);
        long tensorCount = cursor.count("the tensor count", MIN_TENSOR_BYTES);
        long metadataCount = cursor.count("the metadata count", MIN_METADATA_BYTES);
        Map<String, GgufValue> values = metadata(cursor, metadataCount);
        GgufMetadata metadata = new GgufMetadata(file, values);
        int alignment = alignment(file, metadata);
        List<Entry> entries = entries(cursor, tensorCount);
        long dataStart = align(cursor.position(), alignment);
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        for (Entry entry : entries) {
            GgufTensor tensor = locate(cursor, entry, dataStart, alignment, data.byteSize());
            if (tensors.put(entry.name, tensor) != null) {
                throw cursor.fail(entry.at, "its name is there twice");
            }
        }
        checkApart(file, tensors);
        return new GgufHeader(version, metadata, tensors);
    }

    /** The smallest multiple of the alignment that is not below the offset. */
    static long align(long offset, int alignment) {
        return (offset + alignment - 1) & -(long) alignment;
    }

    private static void checkMagic(String file, MemorySegment data) {
        if (data.byteSize() == 0) {
            throw new GgufException(file, "is empty, not a GGUF file");
        }
        if (data.byteSize() < Integer.BYTES || data.get(Layouts.INT, 0) != MAGIC) {
            StringBuilder start = new StringBuilder();
            for (long i = 0; i < Math.min(Integer.BYTES, data.byteSize()); i++) {
                start.append(String.format(" %02x", data.get(ValueLayout.JAVA_BYTE, i)));
            }
            throw new GgufException(file, 0, "is not a GGUF file: it starts with" + start + ", not 47 47 55 46");
        }
    }

    private static int version(String file, GgufCursor cursor) {
        long at = cursor.position();
        int version = cursor.int32("the version");
        if (version != 0 && (version & 0xffff) == 0) {
            throw new GgufException(
                    file,
                    at,
                    "is a big-endian GGUF file of version " + Integer.toUnsignedString(Integer.reverseBytes(version))
                            + "; only little-endian files are read");
        }
        if (version < OLDEST_VERSION || version > NEWEST_VERSION) {
            throw new GgufException(
                    file,
                    at,
                    "has GGUF version " + Integer.toUnsignedString(version) + "; versions " + OLDEST_VERSION + " and "
                            + NEWEST_VERSION + " are read");
        }
        return version;
    }

    private static Map<String, GgufValue> metadata(GgufCursor cursor, long count) {
        GgufValueReader reader = new GgufValueReader(cursor);
        Map<String, GgufValue> values = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            cursor.about("metadata entry " + i);
            long at = cursor.position();
            String key = name(cursor, "the key's length");
            cursor.about("metadata key " + Printable.quote(key));
            GgufValue value = reader.read();
            if (values.put(key, value) != null) {
                throw cursor.fail(at, "the key is there twice");
            }
        }
        return values;
    }

    private static String name(GgufCursor cursor, String field) {
        long at = cursor.position();
        String name = cursor.string(field);
        long bytes = cursor.position() - at - Long.BYTES;
        if (bytes < 1 || bytes > MAX_NAME_BYTES) {
            throw cursor.fail(at, field + " is " + bytes + "; 1 to " + MAX_NAME_BYTES + " bytes are allowed");
        }
        return name;
    }

    private static int alignment(String file, GgufMetadata metadata) {
        GgufValue value =
                metadata.value(ALIGNMENT_KEY).orElse(new GgufValue.Int(GgufValueType.UINT32, DEFAULT_ALIGNMENT));
        if (value instanceof GgufValue.Int number
                && number.type() == GgufValueType.UINT32
                && isAlignment(number.bits())) {
            return (int) number.bits();
        }
        throw new GgufException(
                file,
                ALIGNMENT_KEY + " is " + value.type() + " " + value.render() + "; a uint32 power of two from "
                        + MIN_ALIGNMENT + " to " + MAX_ALIGNMENT + " is allowed");
    }

    /** Returns whether a value is a power of two in the range that is accepted. */
    static boolean isAlignment(long value) {
        return value >= MIN_ALIGNMENT && value <= MAX_ALIGNMENT && Long.bitCount(value) == 1;
    }

    private static List<Entry> entries(GgufCursor cursor, long count) {
        List<Entry> entries = new ArrayList<>();
        for (long i = 0; i < count; i++) {
            cursor.about("tensor " + i);
            long at = cursor.position();
            String name = name(cursor, "the name's length");
            cursor.about("tensor " + Printable.quote(name));
            List<Long> dimensions = dimensions(cursor);
            GgmlType type = tensorType(cursor);
            long bytes = GgufTensor.bytes(type, dimensions, problem -> cursor.fail(at, problem));
            entries.add(new Entry(at, name, type, dimensions, cursor.int64("the offset"), bytes));
        }
        return entries;
    }

    private static List<Long> dimensions(GgufCursor cursor) {
        long at = cursor.position();
        int count = cursor.int32("the number of dimensions");
        if (count < 1 || count > GgufTensor.MAX_DIMENSIONS) {
            throw cursor.fail(
                    at,
                    "the number of dimensions is " + Integer.toUnsignedString(count) + "; 1 to "
                            + GgufTensor.MAX_DIMENSIONS + " is allowed");
        }
        List<Long> dimensions = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            dimensions.add(cursor.int64("dimension " + i));
        }
        return dimensions;
    }

    private static GgmlType tensorType(GgufCursor cursor) {
        long at = cursor.position();
        int id = cursor.int32("the tensor's type");
        return GgmlType.byId(id).orElseThrow(() -> {
            String number = Integer.toUnsignedString(id);
            return cursor.fail(
                    at,
                    GgmlType.removedName(id)
                            .map(name -> "type " + number + " (" + name + ") has been removed from GGUF")
                            .orElse("type " + number + " is unknown; types up to " + GgmlType.highestId()
                                    + " are known"));
        });
    }

    private static GgufTensor locate(GgufCursor cursor, Entry entry, long dataStart, int alignment, long fileBytes) {
        cursor.about("tensor " + Printable.quote(entry.name));
        long dataBytes = fileBytes - dataStart;
        String offset = Long.toUnsignedString(entry.dataOffset);
        if (entry.dataOffset % alignment != 0) {
            throw cursor.fail(entry.at, "its offset is " + offset + "; a multiple of " + alignment + " is needed");
        }
        if (entry.dataOffset < 0 || entry.dataOffset > dataBytes || entry.bytes > dataBytes - entry.dataOffset) {
            throw cursor.fail(
                    entry.at,
                    entry.bytes + " bytes at offset " + offset + " do not fit into the " + Math.max(0, dataBytes)
                            + " bytes of data that the file has");
        }
        return new GgufTensor(entry.name, entry.type, entry.dimensions, dataStart + entry.dataOffset, entry.bytes);
    }

    private static void checkApart(String file, Map<String, GgufTensor> tensors) {
        List<GgufTensor> byOffset = new ArrayList<>(tensors.values());
        byOffset.sort(Comparator.comparingLong(GgufTensor::offset));
        for (int i = 1; i < byOffset.size(); i++) {
            GgufTensor first = byOffset.get(i - 1);
            GgufTensor second = byOffset.get(i);
            if (second.offset() < first.offset() + first.bytes()) {
                throw new GgufException(
                        file,
                        second.offset(),
                        "tensor " + Printable.quote(second.name()) + " overlaps tensor "
                                + Printable.quote(first.name()) + ", which ends at byte "
                                + (first.offset() + first.bytes()));
            }
        }
    }
}
