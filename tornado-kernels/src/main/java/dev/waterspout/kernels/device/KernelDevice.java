package dev.waterspout.kernels.device;

import dev.waterspout.kernels.device.kernels.ByteMath;
import dev.waterspout.kernels.device.kernels.RoundedEncodedKernels;
import dev.waterspout.kernels.device.kernels.RoundedGroupKernels;
import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.weights.WeightFormat;
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
 * @param activations inputs of products with quantized weights; tensor cores do not round them
 * @param multipliesBytes whether kernels that multiply four bytes at a time compile for the device
 */
public record KernelDevice(
        KernelVariant variant,
        DeviceLimits limits,
        KernelChoices choices,
        boolean hasTensorCores,
        Activations activations,
        boolean multipliesBytes) {
    /** The first part of the compute capability of the oldest GPUs with matrix instructions for bf16. */
    private static final int AMPERE = 8;

    private static final Pattern CAPABILITY = Pattern.compile("(?m)^Device version *: *CUDA (\\d+)\\.");

    /** A device whose products do not round their inputs. */
    public KernelDevice(KernelVariant variant, DeviceLimits limits, KernelChoices choices, boolean hasTensorCores) {
        this(variant, limits, choices, hasTensorCores, Activations.F32, true);
    }

    /** A device without tensor cores, whose products do not round their inputs. */
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
                hasTensorCores(device),
                Activations.F32,
                !isCudaDefault() || device.getTornadoVMBackend() == TornadoVMBackendType.CUDA);
    }

    /** TornadoVM analyses a kernel for its default backend when a task is added, before a device is chosen. */
    private static boolean isCudaDefault() {
        return TornadoRuntimeProvider.getTornadoRuntime().getBackendType(0) == TornadoVMBackendType.CUDA;
    }

    /**
     * Whether a device has tensor cores and CUDA is TornadoVM's default backend, whose analysis alone knows the matrix
     * operations.
     */
    private static boolean hasTensorCores(TornadoDevice device) {
        if (device.getTornadoVMBackend() != TornadoVMBackendType.CUDA || !isCudaDefault()) {
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
        return new KernelDevice(variant, limits, other, hasTensorCores, activations, multipliesBytes);
    }

    /**
     * Returns this device with inputs of products as on the host.
     *
     * @param inputs whether products with quantized weights round their inputs
     */
    public KernelDevice with(Activations inputs) {
        return new KernelDevice(variant, limits, choices, hasTensorCores, inputs, multipliesBytes);
    }

    /**
     * {@return whether tasks of their own round the inputs of products, with the default kernels}
     *
     * @param tokens tokens of the largest chunk
     */
    public boolean roundsByTasks(int tokens) {
        KernelCut cut = KernelCandidates.byDefault(KernelShape.linear(WeightFormat.Q8_0, 256, 256, tokens), this)
                .cut();
        boolean inGroups = roundsInGroups() && (cut == KernelCut.GROUP || cut == KernelCut.WARP);
        return activations == Activations.INT8 && cut != KernelCut.TENSOR && !inGroups;
    }

    /** {@return whether work-groups can round the inputs of the products that they compute} */
    boolean roundsInGroups() {
        return multipliesBytes
                && limits.localBytes() >= Math.max(RoundedGroupKernels.LOCAL_BYTES, RoundedEncodedKernels.LOCAL_BYTES);
    }

    /**
     * {@return whether the kernel of a product rounds its inputs}
     *
     * @param w weights
     * @param shape shape of the launch
     */
    public boolean roundsInputs(DeviceWeights w, KernelShape shape) {
        return rounds(w) && choice(shape, w.isInPanels()).cut() != KernelCut.TENSOR;
    }

    /** {@return whether a kernel that is not for tensor cores rounds the inputs of products with such weights} */
    boolean rounds(DeviceWeights w) {
        ByteMath.prepare();
        return activations == Activations.INT8 && w.isInPanels() && w.format().quants() != null;
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
