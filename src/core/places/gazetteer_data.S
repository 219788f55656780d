/* gazetteer_data.S — puts gazetteer/places.bin into the program's read-only data.
 *
 * The assembler copies the file as it is; a C array of four million numbers would cost the compiler
 * much time and memory. GAZETTEER_BIN is the file's path in quotes, from CMake. The layout is
 * described in gazetteer/README.md. Declared in gazetteer.h. */
    .section .rodata
    .balign 64
    .globl gazetteer_data
    .type gazetteer_data, %object
gazetteer_data:
    .incbin GAZETTEER_BIN
    .size gazetteer_data, . - gazetteer_data

    .globl gazetteer_data_end
    .type gazetteer_data_end, %object
gazetteer_data_end:
    .byte 0
    .size gazetteer_data_end, 1

    .section .note.GNU-stack, "", %progbits

/* What the compiler writes into each of its own objects. An object without it takes shadow stacks,
 * or BTI, from the whole program. */
#if defined __CET__
#define PROPERTY 0xc0000002 /* GNU_PROPERTY_X86_FEATURE_1_AND */
#define FEATURES __CET__ /* 1: IBT, 2: SHSTK */
#elif defined __ARM_FEATURE_BTI_DEFAULT
#define PROPERTY 0xc0000000 /* GNU_PROPERTY_AARCH64_FEATURE_1_AND */
#define FEATURES 3 /* 1: BTI, 2: PAC */
#endif
#ifdef PROPERTY
    .section .note.gnu.property, "a"
    .balign 8
    .long 4, 16, 5 /* bytes of the name, bytes of what follows it, NT_GNU_PROPERTY_TYPE_0 */
    .asciz "GNU"
    .long PROPERTY, 4, FEATURES, 0
#endif
