package dev.waterspout.engine.model;

/**
 * Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1). The cache holds, instead of keys and
 * values of all heads, one latent vector per position and the key's rotary part, which all heads share. Queries are
 * projected into the latent space, where scores are computed, and the attention output is expanded to the heads'
 * values.
 *
 * <pre>
 *   cached position, and a query that scores it:   rotary [rotary]  |  latent [rank]
 * </pre>
 *
 * @param queryRank elements between the two query matrices; 0 if there is only one matrix
 * @param rank elements of the latent vector
 * @param rotary elements of a head with rotary embedding
 * @param plain elements of a head's query without rotary embedding
 * @param values elements of a head's value
 * @param unsplit whether the file has one tensor for keys and values, as in older files
 */
public record Latent(int queryRank, int rank, int rotary, int plain, int values, boolean unsplit) {
    /** Returns the elements of a head's query before its projection into the latent space. */
    public int queryDim() {
        return plain + rotary;
    }

    /** Returns the elements of a cached position. */
    public int cachedDim() {
        return rotary + rank;
    }
}
