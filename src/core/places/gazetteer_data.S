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
