// Nothing is asked of the phone yet before it hands in.
const whenWorked = () => Promise.resolve();
