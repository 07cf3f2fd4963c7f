package dev.waterspout.engine.jinja;

/**
 * Limits on the cost of a rendering. Templates of published models stay below a hundredth of the defaults on long
 * conversations.
 *
 * @param steps expressions and statements evaluated, plus characters that operations on texts produced
 * @param depth nested expressions, blocks and calls
 * @param output characters of the result
 */
public record RenderLimits(long steps, int depth, int output) {
    /** Limits for a conversation of a few million characters. */
    public static final RenderLimits DEFAULT = new RenderLimits(200_000_000, 200, 20_000_000);

    /** Checks the limits. */
    public RenderLimits {
        if (steps < 1 || depth < 1 || output < 1) {
            throw new IllegalArgumentException(
                    "steps=" + steps + " depth=" + depth + " output=" + output + ": each limit is at least 1");
        }
    }
}
