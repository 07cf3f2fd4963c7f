package uk.ac.manchester.tornado.api.types;

/** 16 bits of a matrix fragment. Whether they are an f16 or a bf16 depends on the operation that reads them. */
public class HalfFloat {
    private final short bits;

    /** Wraps the bits of a number. */
    public HalfFloat(short halfFloat) {
        bits = halfFloat;
    }

    /** The bits of the number. */
    public short getHalfFloatValue() {
        return bits;
    }
}
