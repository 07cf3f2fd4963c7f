package dev.waterspout.engine.model;

/** Symbolic lengths of the dimensions of a layer's tensors. */
enum Extent {
    /** One: the tensor is a vector. */
    ONE,
    /** Elements of a hidden state. */
    WIDTH,
    /** Elements of all query heads. */
    QUERIES,
    /**
     * Elements of all key heads, equal to those of all value heads. With latent attention: elements of a cached
     * position.
     */
    KEYS,
    /** Elements of the attention output of all heads. */
    ATTENDED,
    /** Rank of the queries: elements between the two query matrices. */
    QUERY_LATENT,
    /** Elements of a latent vector. */
    LATENT,
    /** Elements of a head's query without rotary embedding. */
    PLAIN,
    /** Elements of a head's value. */
    VALUE,
    /**
     * Elements to which a latent vector is expanded, of all heads: the part of keys without rotary embedding, and the
     * values.
     */
    PLAINS_VALUES,
    /** Queries, keys and values together. */
    QUERIES_KEYS_VALUES,
    /** Elements that a norm of queries spans: one head, or all. */
    QUERY_NORM,
    /** Elements that a norm of keys spans: one head, or all. */
    KEY_NORM,
    /** Query heads. */
    HEADS,
    /** Inner width of the FFN. */
    FFN,
    /** Gate and up together. */
    FFN_TWICE,
    /** Experts of a layer. */
    EXPERTS,
    /** Inner width of an expert. */
    EXPERT,
    /** Inner width of the shared expert. */
    SHARED_EXPERT
}
