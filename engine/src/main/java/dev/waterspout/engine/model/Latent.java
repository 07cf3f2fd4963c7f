package dev.waterspout.engine.model;

/**
 * Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1). The cache holds, instead of keys and
 * values of all heads, one latent vector per position and the key's rotary part, which all heads share. Queries are
 * brought into the latent space, so that scores are computed there, and what attention returns is expanded to the
 * heads' values.
 *
 * <pre>
 *   cached position, and a query that scores it:   rotary [rotary]  |  latent [rank]
 * </pre>
 *
 * @param queryRank elements between the two matrices that make queries; 0 where one matrix makes them
 * @param rank elements of the latent vector
 * @param rotary elements of a head that the rotary embedding turns
 * @param plain elements of a head's query that it does not turn
 * @param values elements of a head's value
 * @param unsplit whether the file has one tensor for keys and values, as those written before the cache held latent
 *     vectors
 */
public record Latent(int queryRank, int rank, int rotary, int plain, int values, boolean unsplit) {
    /** Returns the elements of a head's query before it is brought into the latent space. */
    public int queryDim() {
        return plain + rotary;
    }

    /** Returns the elements of a cached position. */
    public int cachedDim() {
        return rotary + rank;
    }
}
