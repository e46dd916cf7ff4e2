/** The first page's input, the same on the server (reading ahead) and in the browser. */
export const peopleInput = (text: string) => ({ ...(text ? { text } : {}), limit: 100 })
