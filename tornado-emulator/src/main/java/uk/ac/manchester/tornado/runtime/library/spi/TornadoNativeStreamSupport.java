package uk.ac.manchester.tornado.runtime.library.spi;

/** A device that shows its native stream and context. */
public interface TornadoNativeStreamSupport {
    /** The stream that a plan's work is queued in. */
    long getNativeStream(long executionPlanId);

    /** The context that a plan's arrays lie in. */
    long getNativeContext(long executionPlanId);
}
