package uk.ac.manchester.tornado.api.enums;

/** Rows, columns and depth of the product that a warp computes in one matrix operation. */
public enum MMAShape {
    /** 16 x 8 sums of 16 products of 16-bit numbers. */
    M16N8K16,

    /** 16 x 8 sums of 32 products of 8-bit numbers. */
    M16N8K32
}
