package uk.ac.manchester.tornado.runtime.library.spi;

/** A device that exposes its native stream and context. */
public interface TornadoNativeStreamSupport {
    /** The stream of a plan. */
    long getNativeStream(long executionPlanId);

    /** The context of a plan's arrays. */
    long getNativeContext(long executionPlanId);
}
