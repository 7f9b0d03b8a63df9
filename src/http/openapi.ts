import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

const ABOUT = `One REST API in front of hosted file-conversion vendors: send a job, and the gateway routes it, translates it, watches it, fails over, and hands back the files.

Everything under /v1 but the callbacks takes \`Authorization: Bearer <key>\`. Errors are application/problem+json (RFC 9457).`;

/** Serves /openapi.json and, for people, /docs. */
export function serveOpenApi(app: INestApplication, version: string, url: string): void {
  const config = new DocumentBuilder()
    .setTitle('Conversion Gateway')
    .setDescription(ABOUT)
    .setVersion(version)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer(url)
    .addTag('jobs', 'Send jobs, watch them, fetch their results.')
    .addTag('convert', 'One file in, one file out.')
    .addTag('catalogue', 'What can be asked for, and who does it.')
    .addTag('usage', 'What was spent.')
    .addTag('callbacks', 'Where vendors report.')
    .addTag('operations', 'For operators.')
    .addBearerAuth({ type: 'http', description: 'An API key.' })
    .build();
  const document = SwaggerModule.createDocument(app, config, { operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '').toLowerCase()}_${method}` });
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'openapi.json', yamlDocumentUrl: 'openapi.yaml', customSiteTitle: 'Conversion Gateway' });
}
