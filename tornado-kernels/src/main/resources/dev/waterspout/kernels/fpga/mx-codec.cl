/*
 * Quantize and dequantize-sum of one MX format, for high-level synthesis. The definitions that the generator puts in front
 * name the format: ELEMENT_BITS (4 or 8), MANTISSA_BITS, MIN_EXPONENT, MAX_EXPONENT, MAX_CODE, BLOCK (16, 32 or 64), RAISES_FROM,
 * MAX_SCALE_EXPONENT, TIES_TO_EVEN and RANKS; and who compiles: VENDOR_INTEL, VENDOR_XILINX, or neither.
 *
 * A work-group is a tile of 64 blocks and a work-item one of them: 64 x 1 x 1 is the size that TornadoVM gives every launch on
 * an FPGA, whatever a grid says. Work-items are pipelined; all loops have fixed trip counts and are unrolled. Memory is read and
 * written in words of 512 bits, in order, each once; blocks follow each other without a gap between rows.
 *
 *   array       0        16              64
 *              +--------+---------------+---------------------------------------------------------------+
 *   partial    | header | pad           | f32: tiles x 64 x BLOCK                                       |
 *   residual   | header | pad           | f32: tiles x 64 x BLOCK                                       |
 *   scales     | header | pad           | RANKS or 1 times: tiles x 64 bytes                            |
 *   elements   | header | pad           | RANKS or 1 times: tiles x 64 x BLOCK x ELEMENT_BITS / 8 bytes |
 *              +--------+---------------+---------------------------------------------------------------+
 *
 * The header is TornadoVM's; the pad brings the data to a word's boundary. All arithmetic but the sum is in integers, so that
 * no device's handling of subnormal numbers matters to codes; a sum of subnormal numbers needs adders that keep them.
 */
#define FIRST_BYTE 64
#define TILE_BLOCKS 64
#define WORD_FLOATS 16
#define BLOCK_WORDS (BLOCK / WORD_FLOATS)
#define LANE_CODES (64 / ELEMENT_BITS)
#define BLOCK_LANES (BLOCK / LANE_CODES)
#define WORD_LANES 8
#define TILE_WORDS (TILE_BLOCKS * BLOCK_LANES / WORD_LANES)
#define SIGN_CODE (1u << (ELEMENT_BITS - 1))
#define NAN_SCALE 255u

#if defined(VENDOR_INTEL)
#define UNROLL _Pragma("unroll")
#define PIPELINE_ITEMS /* aoc does that by itself */
#elif defined(VENDOR_XILINX)
#define UNROLL __attribute__((opencl_unroll_hint))
#define PIPELINE_ITEMS __attribute__((xcl_pipeline_workitems))
#else
#define UNROLL
#define PIPELINE_ITEMS
#endif

#define TILE_GROUP __attribute__((reqd_work_group_size(TILE_BLOCKS, 1, 1)))

/* What TornadoVM passes first to every kernel. */
#define RUNTIME_ARGUMENTS                                                                                              \
    __global long *_kernel_context, __constant uchar *_constant_region, __local uchar *_local_region,                  \
            __global int *_atomics

#define SPREAD_16(word, lanes, first)                                                                                  \
    lanes[(first) + 0] = (word).s0;                                                                                    \
    lanes[(first) + 1] = (word).s1;                                                                                    \
    lanes[(first) + 2] = (word).s2;                                                                                    \
    lanes[(first) + 3] = (word).s3;                                                                                    \
    lanes[(first) + 4] = (word).s4;                                                                                    \
    lanes[(first) + 5] = (word).s5;                                                                                    \
    lanes[(first) + 6] = (word).s6;                                                                                    \
    lanes[(first) + 7] = (word).s7;                                                                                    \
    lanes[(first) + 8] = (word).s8;                                                                                    \
    lanes[(first) + 9] = (word).s9;                                                                                    \
    lanes[(first) + 10] = (word).sa;                                                                                   \
    lanes[(first) + 11] = (word).sb;                                                                                   \
    lanes[(first) + 12] = (word).sc;                                                                                   \
    lanes[(first) + 13] = (word).sd;                                                                                   \
    lanes[(first) + 14] = (word).se;                                                                                   \
    lanes[(first) + 15] = (word).sf

/* The significand of a magnitude, with its leading one at bit 23, and the exponent of that bit; 0 has the significand 0. */
inline uint significand_of(uint magnitude, int *exponent) {
    uint missing = magnitude < 0x800000u ? clz(magnitude) - 8u : 0u;
    *exponent = magnitude < 0x800000u ? -126 - (int)missing : (int)(magnitude >> 23) - 127;
    return magnitude < 0x800000u ? magnitude << missing : (magnitude & 0x7fffffu) | 0x800000u;
}

/* The E8M0 code of a block whose largest magnitude this is. */
inline uint scale_code(uint largest) {
    int exponent;
    uint significand = significand_of(largest, &exponent);
    exponent += significand >= RAISES_FROM ? 1 : 0;
    exponent = min(exponent - MAX_EXPONENT, MAX_SCALE_EXPONENT);
    return largest >= 0x7f800000u ? NAN_SCALE : (uint)(max(exponent, -127) + 127);
}

/* The code of an f32 in a block of this scale: rounded to nearest, saturated, with its sign. */
inline uint element_code(uint bits, uint scale) {
    int exponent;
    uint magnitude = bits & 0x7fffffffu;
    uint significand = significand_of(magnitude, &exponent);
    int above = exponent - ((int)scale - 127) - (MIN_EXPONENT);
    uint drop = (uint)min(23 - MANTISSA_BITS + max(0, -above), 25);
#if TIES_TO_EVEN
    uint bias = (1u << (drop - 1)) - 1u + ((significand >> drop) & 1u);
#else
    uint bias = 1u << (drop - 1);
#endif
    uint rounded = ((uint)max(0, above) << MANTISSA_BITS) + ((significand + bias) >> drop);
    uint code = magnitude == 0u ? 0u : min(rounded, (uint)MAX_CODE);
    code |= (bits >> 31) << (ELEMENT_BITS - 1);
    return scale == NAN_SCALE ? 0u : code;
}

/* The f32 that a code in a block of this scale stands for: exact, also where it is subnormal. */
inline float element_value(uint code, uint scale) {
    uint magnitude = code & (SIGN_CODE - 1u);
    uint field = magnitude >> MANTISSA_BITS;
    uint binade = field > 0u ? field - 1u : 0u;
    uint significand = magnitude - (binade << MANTISSA_BITS);
    int unit = (MIN_EXPONENT) - MANTISSA_BITS + (int)binade + (int)scale - 127;
    int top = 31 - (int)clz(significand);
    int exponent = unit + top;
    uint normal = ((uint)(exponent + 127) << 23) | ((significand << (23 - top)) & 0x7fffffu);
    uint subnormal = significand << ((unit + 149) & 31);
    uint bits = exponent > 127 ? 0x7f800000u : exponent < -126 ? subnormal : normal;
    bits = significand == 0u ? 0u : bits;
    bits |= (code & SIGN_CODE) << (32 - ELEMENT_BITS);
    return as_float(scale == NAN_SCALE ? 0x7fc00000u : bits);
}

TILE_GROUP
__kernel void waterspout_quantize(
        RUNTIME_ARGUMENTS,
        __global const uchar *restrict partial,
        __global uchar *restrict scales,
        __global uchar *restrict elements) {
    __local ulong8 tile_elements[TILE_WORDS];
    __local ulong8 tile_scales[1];
    __global const uint16 *restrict source = (__global const uint16 *)(partial + FIRST_BYTE);
    __global ulong8 *restrict scale_words = (__global ulong8 *)(scales + FIRST_BYTE);
    __global ulong8 *restrict element_words = (__global ulong8 *)(elements + FIRST_BYTE);
    const int tile = (int)get_group_id(0);
    const int block = (int)get_local_id(0);
    PIPELINE_ITEMS {
        uint bits[BLOCK];
        UNROLL
        for (int word = 0; word < BLOCK_WORDS; word++) {
            uint16 read = source[(tile * TILE_BLOCKS + block) * BLOCK_WORDS + word];
            SPREAD_16(read, bits, word * WORD_FLOATS);
        }
        uint largest = 0;
        UNROLL
        for (int i = 0; i < BLOCK; i++) {
            largest = max(largest, bits[i] & 0x7fffffffu);
        }
        uint scale = scale_code(largest);
        ((__local uchar *)tile_scales)[block] = (uchar)scale;
        UNROLL
        for (int lane = 0; lane < BLOCK_LANES; lane++) {
            ulong codes = 0;
            UNROLL
            for (int i = 0; i < LANE_CODES; i++) {
                codes |= (ulong)element_code(bits[lane * LANE_CODES + i], scale) << (i * ELEMENT_BITS);
            }
            ((__local ulong *)tile_elements)[block * BLOCK_LANES + lane] = codes;
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    PIPELINE_ITEMS {
        if (block < TILE_WORDS) {
            element_words[tile * TILE_WORDS + block] = tile_elements[block];
        }
        if (block == 0) {
            scale_words[tile] = tile_scales[0];
        }
    }
}

TILE_GROUP
__kernel void waterspout_dequantize_sum(
        RUNTIME_ARGUMENTS,
        __global const uchar *restrict scales,
        __global const uchar *restrict elements,
        __global uchar *residual) {
    __local ulong8 tile_elements[RANKS][TILE_WORDS];
    __local ulong8 tile_scales[RANKS];
    __global const ulong8 *restrict scale_words = (__global const ulong8 *)(scales + FIRST_BYTE);
    __global const ulong8 *restrict element_words = (__global const ulong8 *)(elements + FIRST_BYTE);
    __global float16 *sums = (__global float16 *)(residual + FIRST_BYTE);
    const int tiles = (int)get_num_groups(0);
    const int tile = (int)get_group_id(0);
    const int block = (int)get_local_id(0);
    PIPELINE_ITEMS {
        UNROLL
        for (int rank = 0; rank < RANKS; rank++) {
            if (block < TILE_WORDS) {
                tile_elements[rank][block] = element_words[(rank * tiles + tile) * TILE_WORDS + block];
            }
            if (block == 0) {
                tile_scales[rank] = scale_words[rank * tiles + tile];
            }
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    PIPELINE_ITEMS {
        float sum[BLOCK];
        UNROLL
        for (int rank = 0; rank < RANKS; rank++) {
            uint scale = ((__local const uchar *)&tile_scales[rank])[block];
            UNROLL
            for (int lane = 0; lane < BLOCK_LANES; lane++) {
                ulong codes = ((__local const ulong *)tile_elements[rank])[block * BLOCK_LANES + lane];
                UNROLL
                for (int i = 0; i < LANE_CODES; i++) {
                    uint code = (uint)(codes >> (i * ELEMENT_BITS)) & (2u * SIGN_CODE - 1u);
                    float value = element_value(code, scale);
                    int at = lane * LANE_CODES + i;
                    sum[at] = rank == 0 ? value : sum[at] + value;
                }
            }
        }
        UNROLL
        for (int word = 0; word < BLOCK_WORDS; word++) {
            int at = (tile * TILE_BLOCKS + block) * BLOCK_WORDS + word;
            float addends[WORD_FLOATS];
            float16 read = sums[at];
            SPREAD_16(read, addends, 0);
            UNROLL
            for (int i = 0; i < WORD_FLOATS; i++) {
                addends[i] = sum[word * WORD_FLOATS + i] + addends[i];
            }
            sums[at] = (float16)(addends[0], addends[1], addends[2], addends[3], addends[4], addends[5], addends[6],
                    addends[7], addends[8], addends[9], addends[10], addends[11], addends[12], addends[13], addends[14],
                    addends[15]);
        }
    }
}
