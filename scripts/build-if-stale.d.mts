export function build(root: string, node: string): Promise<boolean>
