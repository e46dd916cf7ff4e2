/**
 * What a simulated host gives as the type of its hypervisor, where a real one says QEMU. The console labels hosts by it
 * wherever a person looks.
 */
export const simulatedType = 'SIMULATED'
