package dev.waterspout.kernels.device;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * The properties of a device that kernels depend on.
 *
 * @param variant how work is divided where nothing was measured
 * @param limits limits of a launch
 * @param choices choices that replace the defaults for some shapes
 * @param hasTensorCores whether kernels can use the instructions of a warp of NVIDIA's GPUs: shuffles, and the matrix
 *     instructions of tensor cores
 */
public record KernelDevice(KernelVariant variant, DeviceLimits limits, KernelChoices choices, boolean hasTensorCores) {
    /** The first part of the compute capability of the oldest GPUs with matrix instructions for bf16. */
    private static final int AMPERE = 8;

    private static final Pattern CAPABILITY = Pattern.compile("(?m)^Device version *: *CUDA (\\d+)\\.");

    /** A device without tensor cores. */
    public KernelDevice(KernelVariant variant, DeviceLimits limits, KernelChoices choices) {
        this(variant, limits, choices, false);
    }

    /** A device without tensor cores, on which every kernel runs with the default of its variant. */
    public KernelDevice(KernelVariant variant, DeviceLimits limits) {
        this(variant, limits, KernelChoices.DEFAULTS);
    }

    /**
     * {@return the properties that a device reports}
     *
     * @param device a device of any backend
     */
    public static KernelDevice of(TornadoDevice device) {
        return new KernelDevice(
                KernelVariant.of(device.getDeviceType()),
                DeviceLimits.of(device),
                KernelChoices.DEFAULTS,
                hasTensorCores(device));
    }

    /**
     * Whether a device has tensor cores and CUDA is TornadoVM's default backend. TornadoVM analyses a kernel for the
     * default backend when a task is added, before a device is chosen, and only CUDA's analysis knows the matrix
     * operations.
     */
    private static boolean hasTensorCores(TornadoDevice device) {
        if (device.getTornadoVMBackend() != TornadoVMBackendType.CUDA
                || TornadoRuntimeProvider.getTornadoRuntime().getBackendType(0) != TornadoVMBackendType.CUDA) {
            return false;
        }
        Matcher capability =
                CAPABILITY.matcher(String.valueOf(device.getPhysicalDevice().getDeviceInfo()));
        return capability.find() && Integer.parseInt(capability.group(1)) >= AMPERE;
    }

    /**
     * Returns this device with other choices.
     *
     * @param other the choices that replace the defaults
     */
    public KernelDevice with(KernelChoices other) {
        return new KernelDevice(variant, limits, other, hasTensorCores);
    }

    /**
     * {@return the elements of working memory per row of an attention}
     *
     * @param shape shape of the launch
     * @param kvHeads KV heads
     * @param capacity positions of the cache
     */
    public long attentionElements(KernelShape shape, int kvHeads, int capacity) {
        return SplitPlan.partials(
                shape.outer(), kvHeads, shape.inner(), capacity, shape.tokens(), choice(shape), limits);
    }

    /**
     * Returns the choice for a kernel on this device.
     *
     * @param shape shape of the launch
     * @throws IllegalArgumentException if the device cannot run the kernel with the given choice
     */
    KernelChoice choice(KernelShape shape) {
        KernelChoice choice = choices.find(shape).orElseGet(() -> KernelCandidates.byDefault(shape, this));
        KernelCandidates.problem(shape, choice, this).ifPresent(problem -> {
            throw new IllegalArgumentException(problem);
        });
        return choice;
    }

    /**
     * Returns the choice for a product on this device. Warps and tensor cores multiply only matrices in panels; others
     * have the default of the variant in their place.
     *
     * @param shape shape of the launch
     * @param inPanels whether the matrix is in panels
     * @throws IllegalArgumentException if the device cannot run the kernel with the given choice
     */
    KernelChoice choice(KernelShape shape, boolean inPanels) {
        KernelChoice choice = choice(shape);
        boolean ofPanels = choice.cut() == KernelCut.WARP || choice.cut() == KernelCut.TENSOR;
        return ofPanels && !inPanels ? KernelCandidates.byDefault(shape, variant) : choice;
    }
}
