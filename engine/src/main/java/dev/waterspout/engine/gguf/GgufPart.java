package dev.waterspout.engine.gguf;

import java.lang.foreign.MemorySegment;

/**
 * One file of a model: the whole of it, or a part where it was split.
 *
 * @param name name of the file, for messages
 * @param file its bytes, read-only
 * @param header the checked part of the file before the tensors' data
 */
record GgufPart(String name, MemorySegment file, GgufHeader header) {
    /**
     * Reads the header.
     *
     * @throws GgufException if it is malformed or of a version that is not supported
     */
    static GgufPart read(String name, MemorySegment bytes) {
        MemorySegment file = bytes.asReadOnly();
        return new GgufPart(name, file, GgufHeader.read(name, file));
    }

    /** Returns the bytes in front of the first tensor's data. */
    MemorySegment headerBytes() {
        long end = header.tensors().values().stream()
                .mapToLong(GgufTensor::offset)
                .min()
                .orElse(file.byteSize());
        return file.asSlice(0, end);
    }
}
