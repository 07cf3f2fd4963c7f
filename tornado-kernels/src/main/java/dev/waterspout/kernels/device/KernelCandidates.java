package dev.waterspout.kernels.device;

import dev.waterspout.kernels.codec.MxFormat;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.kernels.AttentionKernels;
import dev.waterspout.kernels.device.kernels.LinearPanelKernels;
import dev.waterspout.kernels.device.kernels.LinearTensorKernels;
import dev.waterspout.kernels.device.kernels.LinearTileKernels;
import dev.waterspout.kernels.device.kernels.LinearWarpKernels;
import dev.waterspout.kernels.device.kernels.MxParameters;
import dev.waterspout.kernels.device.kernels.NormKernels;
import dev.waterspout.kernels.device.kernels.QuantizeKernels;
import dev.waterspout.kernels.device.kernels.QueryTensorKernels;
import dev.waterspout.kernels.device.kernels.QueryTileKernels;
import dev.waterspout.kernels.device.kernels.SplitAttentionKernels;
import dev.waterspout.kernels.device.kernels.SumKernels;
import dev.waterspout.kernels.weights.Panels;
import dev.waterspout.kernels.weights.WeightFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Lists the choices of each kernel that exist and fit a device. */
public final class KernelCandidates {
    /** On GPUs, products of chunks up to this many tokens are computed row by row, larger ones by tiles. */
    private static final int SMALL_CHUNK = 8;

    /** Work-items that share the rows of a work-group of warps by default. */
    private static final int WARP_ITEMS = 256;

    /**
     * Work-group size of independent work-items: large enough to hide latency, small enough to occupy all cores.
     */
    static final int ELEMENTS = 64;

    /** Positions of a part of a split attention, at least: several tiles of them, so that adding parts costs little. */
    private static final int LEAST_POSITIONS = 128;

    /** Work-items of a work-group on a CPU: few, so that small matrices occupy all cores. */
    private static final int ROWS = 2;

    private static final KernelChoice TENSOR = new KernelChoice(KernelCut.TENSOR, 1, LinearTensorKernels.ITEMS);

    private KernelCandidates() {}

    /**
     * {@return the default choice, for kernels without a measurement}
     *
     * @param shape shape of the launch
     * @param device the device; its choices do not matter
     */
    public static KernelChoice byDefault(KernelShape shape, KernelDevice device) {
        if (device.hasTensorCores() && isInPanels(shape)) {
            KernelChoice choice =
                    shape.tokens() > LinearWarpKernels.MOST_TOKENS ? TENSOR : warp(shape.tokens(), WARP_ITEMS);
            if (fits(choice, device.limits())) {
                return choice;
            }
        }
        boolean groups = device.variant() == KernelVariant.GROUPS;
        return groups && suitsQueryTiles(shape) && fits(queryTiles(shape), device.limits())
                ? queryTiles(shape)
                : byDefault(shape, device.variant());
    }

    /** {@return the product by warps for a number of tokens: as many of them at a time, up to the most} */
    private static KernelChoice warp(int tokens, int items) {
        int power = tokens == 1 ? 1 : 2 * Integer.highestOneBit(tokens - 1);
        return new KernelChoice(KernelCut.WARP, Math.min(LinearWarpKernels.MOST_TOKENS, power), items);
    }

    /**
     * {@return the default choice of a kind of device, without tensor cores and tiles of queries}
     *
     * @param shape shape of the launch
     * @param variant the kind of device
     */
    static KernelChoice byDefault(KernelShape shape, KernelVariant variant) {
        boolean items = variant == KernelVariant.ITEMS;
        return switch (shape.kind()) {
            case LINEAR -> {
                if (items) {
                    boolean runs = shape.tokens() > 1 && !shape.isOfF32();
                    yield new KernelChoice(KernelCut.PLAIN, runs ? LinearPanelKernels.MOST_TOKENS : 1, ROWS);
                }
                yield shape.tokens() <= SMALL_CHUNK
                        ? new KernelChoice(KernelCut.GROUP, 1, 128)
                        : new KernelChoice(KernelCut.TILE, 1, LinearTileKernels.TILE);
            }
            case ATTENTION -> {
                if (items) {
                    yield new KernelChoice(KernelCut.PLAIN, 1, 1);
                }
                // The tokens of a larger chunk occupy a device without a split.
                yield shape.tokens() <= SMALL_CHUNK
                        ? new KernelChoice(KernelCut.SPLIT, LEAST_POSITIONS, 64)
                        : new KernelChoice(KernelCut.GROUP, 1, 64);
            }
            case QUANTIZE -> new KernelChoice(KernelCut.PLAIN, isBlocks(shape) ? QuantizeKernels.RUN : 1, ELEMENTS);
            case DEQUANTIZE_SUM -> new KernelChoice(KernelCut.PLAIN, 1, ELEMENTS);
        };
    }

    /**
     * {@return all choices for a kernel on a device, the default first}
     *
     * @param shape shape of the launch
     * @param device variant and limits
     */
    public static List<KernelChoice> of(KernelShape shape, KernelDevice device) {
        KernelChoice first = byDefault(shape, device);
        List<KernelChoice> all = new ArrayList<>(List.of(first));
        for (KernelChoice choice : everywhere(shape, device)) {
            if (!choice.equals(first) && fits(choice, device.limits())) {
                all.add(choice);
            }
        }
        return all;
    }

    /**
     * {@return the reason why a device cannot run a kernel with a choice; empty if it can}
     *
     * @param shape shape of the launch
     * @param choice the choice
     * @param device variant and limits
     */
    public static Optional<String> problem(KernelShape shape, KernelChoice choice, KernelDevice device) {
        if (choice.equals(byDefault(shape, device))) {
            return Optional.empty();
        }
        List<KernelChoice> known = everywhere(shape, device);
        if (!known.contains(choice)) {
            return Optional.of("there is no " + shape.label() + " by '" + choice.label() + "'; there are "
                    + known.stream().map(KernelChoice::label).collect(Collectors.joining("; ")));
        }
        return fits(choice, device.limits())
                ? Optional.empty()
                : Optional.of("'" + choice.label() + "' does not fit the device, whose groups have at most "
                        + device.limits().groupItems() + " items");
    }

    private static boolean fits(KernelChoice choice, DeviceLimits limits) {
        boolean tile = choice.cut() == KernelCut.TILE;
        int localY = tile ? choice.local() : 1;
        return (long) choice.local() * localY <= limits.groupItems()
                && choice.local() <= limits.groupX()
                && localY <= limits.groupY()
                && localBytes(choice) <= limits.localBytes();
    }

    /** Local memory in bytes of the largest kernel of the cut. */
    private static long localBytes(KernelChoice choice) {
        return switch (choice.cut()) {
            case PLAIN, BLOCK -> 0;
            case WARP -> LinearWarpKernels.localBytes(choice.perItem(), choice.local());
            case TENSOR -> LinearTensorKernels.LOCAL_BYTES;
            case GROUP -> (3L * AttentionKernels.MOST_ITEMS + NormKernels.GROUP) * Float.BYTES;
            case SPLIT -> SplitAttentionKernels.LOCAL_BYTES;
            case QUERIES -> QueryTileKernels.LOCAL_BYTES;
            case TILE -> (1L + choice.perItem()) * LinearTileKernels.TILE * (LinearTileKernels.TILE + 1) * Float.BYTES;
        };
    }

    /**
     * {@return whether tensor cores, where a device has them, may compute the products of chunks of a number of tokens}
     */
    public static boolean suitsTensorCores(int tokens) {
        return tokens > 1;
    }

    private static boolean isInPanels(KernelShape shape) {
        return shape.kind() == KernelKind.LINEAR && Panels.exist(shape.weights(), shape.inner());
    }

    /** The tokens of smaller chunks have too few queries for a tile. */
    private static boolean suitsQueryTiles(KernelShape shape) {
        return shape.kind() == KernelKind.ATTENTION
                && shape.tokens() > SMALL_CHUNK
                && shape.inner() <= QueryTileKernels.MOST_ELEMENTS;
    }

    /** {@return the largest tile of queries whose outputs fit the registers of its work-items} */
    private static KernelChoice queryTiles(KernelShape shape) {
        return new KernelChoice(KernelCut.QUERIES, QueryTilePlan.mostItemRows(shape.inner()), QueryTileKernels.ITEMS);
    }

    /**
     * Attention by one work-item, and products of many tokens by one, are for CPUs: compiled for NVIDIA GPUs they spill
     * registers or take all of them.
     */
    private static List<KernelChoice> everywhere(KernelShape shape, KernelDevice device) {
        boolean items = device.variant() == KernelVariant.ITEMS;
        List<KernelChoice> choices = new ArrayList<>();
        switch (shape.kind()) {
            case LINEAR -> {
                add(choices, KernelCut.PLAIN, 1, 1, 2, 4, 8, 16, 32, 64);
                if (items && shape.tokens() > 1 && shape.weights() != WeightFormat.F32) {
                    for (int perItem : new int[] {4, LinearPanelKernels.MOST_TOKENS}) {
                        add(choices, KernelCut.PLAIN, perItem, 1, 2, 4, 8, 16, 32, 64);
                    }
                }
                add(choices, KernelCut.GROUP, 1, 32, 64, 128, 256);
                if (shape.tokens() > 1) {
                    add(choices, KernelCut.TILE, 1, LinearTileKernels.TILE);
                    add(choices, KernelCut.TILE, LinearTileKernels.PER_ITEM, LinearTileKernels.TILE);
                }
                if (device.hasTensorCores() && isInPanels(shape)) {
                    for (int warpItems : new int[] {32, 64, 128, WARP_ITEMS}) {
                        choices.add(warp(shape.tokens(), warpItems));
                    }
                    if (suitsTensorCores(shape.tokens())) {
                        choices.add(TENSOR);
                    }
                }
            }
            case ATTENTION -> {
                if (items) {
                    add(choices, KernelCut.PLAIN, 1, 1, 2, 4, 8);
                }
                if (items && shape.isOfF32()) {
                    add(choices, KernelCut.PLAIN, AttentionKernels.PER_ITEM, 1, 2, 4, 8);
                }
                add(choices, KernelCut.GROUP, 1, 32, 64, 128, 256);
                if (shape.tokens() <= SMALL_CHUNK) {
                    for (int positions : new int[] {LEAST_POSITIONS, 4 * LEAST_POSITIONS}) {
                        add(choices, KernelCut.SPLIT, positions, 32, 64, SplitAttentionKernels.MOST_ITEMS);
                    }
                }
                if (suitsQueryTiles(shape)) {
                    for (int most = queryTiles(shape).perItem(); most > 1; most >>= 1) {
                        add(choices, KernelCut.QUERIES, most, QueryTileKernels.ITEMS);
                    }
                    // Not the default: its sums go through memory, and its products are less exact.
                    if (device.hasTensorCores()
                            && shape.inner() <= QueryTensorKernels.MOST_ELEMENTS
                            && shape.inner() % 4 == 0) {
                        add(choices, KernelCut.TENSOR, QueryTileKernels.MOST_ITEM_ROWS, QueryTensorKernels.ITEMS);
                    }
                }
            }
            case QUANTIZE -> {
                add(choices, KernelCut.PLAIN, isBlocks(shape) ? QuantizeKernels.RUN : 1, 1, 4, 16, 64, 256);
                if (isBlocks(shape)) {
                    MxFormat format = (MxFormat) WireFormat.parse(shape.format());
                    add(choices, KernelCut.BLOCK, MxParameters.elementsOfScales(format), 1, 4, 16, 64);
                }
            }
            case DEQUANTIZE_SUM -> {
                add(choices, KernelCut.PLAIN, 1, 1, 16, 64, 256);
                if (isBlocks(shape)) {
                    add(choices, KernelCut.PLAIN, SumKernels.RUN, 1, 4, 16, 64);
                }
            }
        }
        return choices;
    }

    private static boolean isBlocks(KernelShape shape) {
        return WireFormat.parse(shape.format()) instanceof MxFormat;
    }

    private static void add(List<KernelChoice> choices, KernelCut cut, int perItem, int... locals) {
        IntStream.of(locals)
                .mapToObj(local -> new KernelChoice(cut, perItem, local))
                .forEach(choices::add);
    }
}
