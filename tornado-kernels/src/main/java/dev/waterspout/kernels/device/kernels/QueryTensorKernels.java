package dev.waterspout.kernels.device.kernels;

import dev.waterspout.kernels.weights.WeightBytes;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The attention of {@link QueryTileKernels} on the tensor cores of NVIDIA GPUs. Both products split their operands into
 * two numbers of bf16, as {@link LinearTensorKernels} does: scores, and weighted sums of values.
 *
 * <p>A work-group of {@value #ITEMS} work-items, 4 warps, multiplies tiles of {@value #ROWS} queries and 64 keys; a
 * warp has 16 of the queries. Each step writes 32 columns of queries and keys, or 32 values of 64 columns, to local
 * memory, as {@code ldmatrix} reads them (words of two numbers):
 *
 * <pre>
 *   queries   [part][16 columns][16 queries]   blocks of 16 rows of 16 columns, 32 bytes a row
 *   weights   [part][16 keys][16 queries]      the same, with keys as columns
 *   keys      [part][16 columns][8 keys]       blocks of 16 columns of 8 keys, 16 bytes a column
 *   values    [part][16 keys][8 columns]       blocks of 16 keys of 8 columns, 16 bytes a key
 * </pre>
 *
 * <p>An element of a fragment cannot be read, so scores and sums go through a device array: 96 KB per tile of keys are
 * written there or read. Work-groups share the tiles of queries, whose rows are those of {@link QueryTileKernels}.
 */
public final class QueryTensorKernels {
    /** Work-items of a work-group. */
    public static final int ITEMS = 128;

    /** Largest number of elements of a head; each has a multiple of 4. */
    public static final int MOST_ELEMENTS = 128;

    /** Queries of a tile. */
    public static final int ROWS = 64;

    /** Columns of the sums of a work-group. */
    public static final int SUM_COLUMNS = MOST_ELEMENTS;

    /** Largest number of work-groups: those whose sums have room in the array of {@link LinearTensorKernels}. */
    public static final int MOST_GROUPS = 2 * LinearTensorKernels.MOST_GROUPS;

    private QueryTensorKernels() {}

    /**
     * A cache of f32.
     *
     * @param sums [work-groups][{@value #ROWS}][{@value #SUM_COLUMNS}], written and read
     */
    public static void attendTensorTiles(
            KernelContext context,
            IntArray step,
            IntArray places,
            IntArray shape,
            FloatArray queries,
            FloatArray keyCache,
            FloatArray valueCache,
            FloatArray sinks,
            FloatArray sums,
            FloatArray output,
            int headDim,
            float scale,
            float cap) {
        QueryTensorTiles.attend(
                context,
                context.localIdx,
                context.groupIdx,
                step,
                places,
                shape,
                queries,
                keyCache,
                places,
                valueCache,
                places,
                sinks,
                sums,
                output,
                headDim,
                scale,
                cap,
                WeightBytes.F32);
    }

    /**
     * A cache of f16 or q8_0, see {@link CachedWords}.
     *
     * @param sums [work-groups][{@value #ROWS}][{@value #SUM_COLUMNS}], written and read
     */
    public static void attendPackedTensorTiles(
            KernelContext context,
            IntArray step,
            IntArray places,
            IntArray shape,
            FloatArray queries,
            IntArray keyCache,
            IntArray valueCache,
            FloatArray sinks,
            FloatArray sums,
            FloatArray output,
            int headDim,
            float scale,
            float cap,
            int format) {
        QueryTensorTiles.attend(
                context,
                context.localIdx,
                context.groupIdx,
                step,
                places,
                shape,
                queries,
                queries,
                keyCache,
                queries,
                valueCache,
                sinks,
                sums,
                output,
                headDim,
                scale,
                cap,
                format);
    }
}
