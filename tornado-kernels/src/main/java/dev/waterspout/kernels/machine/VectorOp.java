package dev.waterspout.kernels.machine;

/**
 * The vector instructions that micro-kernels use, with the numbers that encode them (Intel 64 and IA-32 Architectures
 * Software Developer's Manual, volume 2). The names are the manual's, in lower case where printed.
 */
enum VectorOp {
    /** to = source; unaligned. */
    VMOVUPS(Form.LOAD, 1, 0, 0, 0x10),
    /** source = to; unaligned. */
    VMOVUPS_STORE(Form.STORE, 1, 0, 0, 0x11),
    /** source = lane 0 of to; 128 bits only. */
    VMOVSS_STORE(Form.STORE, 1, 2, 0, 0x11),
    VBROADCASTSS(Form.LOAD, 2, 1, 0, 0x18),
    VPBROADCASTD(Form.LOAD, 2, 1, 0, 0x58),
    /** 128 bits of memory in both halves; 256 bits. */
    VBROADCASTI128(Form.LOAD, 2, 1, 0, 0x5A),
    /** The same for 512 bits. */
    VBROADCASTI32X4(Form.LOAD, 2, 1, 0, 0x5A),
    VCVTDQ2PS(Form.LOAD, 1, 0, 0, 0x5B),
    VCVTPS2DQ(Form.LOAD, 1, 1, 0, 0x5B),
    /** Halves to floats: the source has half the bits. */
    VCVTPH2PS(Form.LOAD, 2, 1, 0, 0x13),
    /** Words without sign to doublewords: the source has half the bits. */
    VPMOVZXWD(Form.LOAD, 2, 1, 0, 0x33),
    VPABSB(Form.LOAD, 2, 1, 0, 0x1C),
    VADDPS(Form.THREE, 1, 0, 0, 0x58),
    VSUBPS(Form.THREE, 1, 0, 0, 0x5C),
    /** The lesser one; the source if one is no number. */
    VMINPS(Form.THREE, 1, 0, 0, 0x5D),
    /** The greater one; the source if one is no number. */
    VMAXPS(Form.THREE, 1, 0, 0, 0x5F),
    VMULPS(Form.THREE, 1, 0, 0, 0x59),
    VDIVPS(Form.THREE, 1, 0, 0, 0x5E),
    /** to = first * source + to. */
    VFMADD231PS(Form.THREE, 2, 1, 0, 0xB8),
    /** to = first * to + source. */
    VFMADD213PS(Form.THREE, 2, 1, 0, 0xA8),
    VPADDW(Form.THREE, 1, 1, 0, 0xFD),
    VPADDD(Form.THREE, 1, 1, 0, 0xFE),
    VPSUBD(Form.THREE, 1, 1, 0, 0xFA),
    /** Bytes of first at the places, within each 16, that the low four bits of the source's bytes have. */
    VPSHUFB(Form.THREE, 2, 1, 0, 0x00),
    VPSUBB(Form.THREE, 1, 1, 0, 0xF8),
    VPMULLD(Form.THREE, 2, 1, 0, 0x40),
    /** The lesser of bytes without sign. */
    VPMINUB(Form.THREE, 1, 1, 0, 0xDA),
    VPMAXSD(Form.THREE, 2, 1, 0, 0x3D),
    /** Pairs of products of unsigned bytes of first with signed bytes of source, added with saturation to words. */
    VPMADDUBSW(Form.THREE, 2, 1, 0, 0x04),
    /** Pairs of products of words, added to doublewords. */
    VPMADDWD(Form.THREE, 1, 1, 0, 0xF5),
    /** to += sums of four products of unsigned bytes of first with signed bytes of source. */
    VPDPBUSD(Form.THREE, 2, 1, 0, 0x50),
    /** Bytes of first with the signs of those of source, zero if that is zero; no AVX-512. */
    VPSIGNB(Form.THREE, 2, 1, 0, 0x08),
    VPAND(Form.THREE, 1, 1, 0, 0xDB),
    VPANDN(Form.THREE, 1, 1, 0, 0xDF),
    VPOR(Form.THREE, 1, 1, 0, 0xEB),
    VPXOR(Form.THREE, 1, 1, 0, 0xEF),
    VPUNPCKLDQ(Form.THREE, 1, 1, 0, 0x62),
    VPUNPCKHDQ(Form.THREE, 1, 1, 0, 0x6A),
    VPUNPCKLQDQ(Form.THREE, 1, 1, 1, 0x6C),
    VPUNPCKHQDQ(Form.THREE, 1, 1, 1, 0x6D),
    VPACKSSDW(Form.THREE, 1, 1, 0, 0x6B),
    VPACKSSWB(Form.THREE, 1, 1, 0, 0x63),
    VPACKUSDW(Form.THREE, 2, 1, 0, 0x2B),
    /** Doublewords of source at the places that first has; 256 and 512 bits. */
    VPERMD(Form.THREE, 2, 1, 0, 0x36),
    /** Sums of neighbouring doublewords; no AVX-512. */
    VPHADDD(Form.THREE, 2, 1, 0, 0x02),
    /** Comparison to all ones or zeros, the kind is the immediate; no AVX-512 form here. */
    VCMPPS(Form.THREE_IMMEDIATE, 1, 0, 0, 0xC2),
    VSHUFPS(Form.THREE_IMMEDIATE, 1, 0, 0, 0xC6),
    /** A word of memory in the lane that the immediate names; 128 bits only. */
    VPINSRW(Form.THREE_IMMEDIATE, 1, 1, 0, 0xC4),
    /** 128 bits of the source in the quarter or half that the immediate names; 256 bits. */
    VINSERTI128(Form.THREE_IMMEDIATE, 3, 1, 0, 0x38),
    /** The same for 512 bits. */
    VINSERTI32X4(Form.THREE_IMMEDIATE, 3, 1, 0, 0x38),
    /** source = the half of to that the immediate names; 256 bits. */
    VEXTRACTI128(Form.STORE_IMMEDIATE, 3, 1, 0, 0x39),
    /** source = the lower words of to's doublewords; AVX-512 only. */
    VPMOVDW(Form.STORE, 2, 2, 0, 0x33),
    VPERMQ(Form.LOAD_IMMEDIATE, 3, 1, 1, 0x00),
    VPSRLD(Form.SHIFT, 1, 1, 0, 0x72, 2),
    VPSLLD(Form.SHIFT, 1, 1, 0, 0x72, 6),
    VPSRAD(Form.SHIFT, 1, 1, 0, 0x72, 4);

    /** Which operands an instruction has. */
    enum Form {
        /** to, source. */
        LOAD,
        /** to, source, immediate. */
        LOAD_IMMEDIATE,
        /** The result is the source operand: source, to. */
        STORE,
        STORE_IMMEDIATE,
        /** to, first, source. */
        THREE,
        THREE_IMMEDIATE,
        /** to, source, immediate, where the opcode is continued in the place of a register. */
        SHIFT
    }

    private final Form form;
    private final int map;
    private final int prefix;
    private final int wide;
    private final int opcode;
    private final int digit;

    VectorOp(Form form, int map, int prefix, int wide, int opcode) {
        this(form, map, prefix, wide, opcode, 0);
    }

    /**
     * Describes an instruction.
     *
     * @param map 1 for 0F, 2 for 0F38, 3 for 0F3A
     * @param prefix 0 for none, 1 for 66, 2 for F3, 3 for F2
     * @param wide the bit W of the EVEX encoding
     * @param opcode the last byte of the opcode
     * @param digit continues the opcode of shifts
     */
    VectorOp(Form form, int map, int prefix, int wide, int opcode, int digit) {
        this.form = form;
        this.map = map;
        this.prefix = prefix;
        this.wide = wide;
        this.opcode = opcode;
        this.digit = digit;
    }

    Form form() {
        return form;
    }

    int map() {
        return map;
    }

    int prefix() {
        return prefix;
    }

    int wide() {
        return wide;
    }

    int opcode() {
        return opcode;
    }

    int digit() {
        return digit;
    }

    boolean hasImmediate() {
        return form == Form.LOAD_IMMEDIATE
                || form == Form.STORE_IMMEDIATE
                || form == Form.THREE_IMMEDIATE
                || form == Form.SHIFT;
    }

    /** {@return whether the first operand is read} */
    boolean hasFirst() {
        return form == Form.THREE || form == Form.THREE_IMMEDIATE;
    }
}
