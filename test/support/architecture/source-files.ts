import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import ts from 'typescript';

/** A file as the walls see it. `path` is relative to the checkout, with "/". */
export interface SourceText {
  readonly path: string;
  readonly text: string;
}

export interface SourceFile extends SourceText {
  readonly lines: number;
  /** Every module that is named: imports, re-exports, `import()`, `import type`, `import('…').X` in types, `require`. */
  readonly imports: readonly string[];
  /** True when the file holds nothing but re-exports. */
  readonly onlyReexports: boolean;
  readonly enums: readonly string[];
  /** Lines (from 1) with the type `any`. */
  readonly anyAt: readonly number[];
  readonly usesForwardRef: boolean;
  readonly constructors: readonly { readonly of: string; readonly parameters: number }[];
}

/** Every .ts file below `folder`, but the generated ones. */
export function readSources(root: string, folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.startsWith('src/generated/'))
    .sort()
    .map((path) => parse({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export function parse({ path, text }: SourceText): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);
  const found = { imports: [] as string[], enums: [] as string[], anyAt: [] as number[], usesForwardRef: false, constructors: [] as { of: string; parameters: number }[] };
  const visit = (node: ts.Node): void => {
    const module = moduleOf(node);
    if (module !== null) found.imports.push(module);
    if (ts.isEnumDeclaration(node)) found.enums.push(node.name.text);
    if (node.kind === ts.SyntaxKind.AnyKeyword) found.anyAt.push(tree.getLineAndCharacterOfPosition(node.getStart()).line + 1);
    if (ts.isIdentifier(node) && node.text === 'forwardRef') found.usesForwardRef = true;
    if (ts.isConstructorDeclaration(node)) found.constructors.push({ of: node.parent.name?.text ?? 'a class', parameters: node.parameters.length });
    ts.forEachChild(node, visit);
  };
  visit(tree);
  const onlyReexports = tree.statements.length > 0 && tree.statements.every((statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined);
  return { path, text, lines: text.replace(/\n$/, '').split('\n').length, onlyReexports, ...found };
}

function moduleOf(node: ts.Node): string | null {
  const text = (named: ts.Node | undefined): string | null => (named !== undefined && ts.isStringLiteralLike(named) ? named.text : null);
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return text(node.moduleSpecifier);
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? text(node.argument.literal) : null;
  if (ts.isExternalModuleReference(node)) return text(node.expression);
  if (!ts.isCallExpression(node)) return null;
  const calls = node.expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(node.expression) && node.expression.text === 'require');
  return calls ? text(node.arguments[0]) : null;
}
