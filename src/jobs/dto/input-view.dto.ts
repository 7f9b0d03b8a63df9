import { ApiProperty } from '@nestjs/swagger';

/** An input as it comes back: documents what `job-view.ts` makes. */
export class InputView {
  @ApiProperty({ description: 'Name of the input within the job.', example: 'photo' })
  id!: string;

  @ApiProperty({ description: 'url, upload, base64, s3, gcs, azure-blob, sftp, ftp or google-drive. Its credentials never come back.', example: 'url' })
  type!: string;

  @ApiProperty({ description: 'The file\'s name, where it is known.', type: String, nullable: true })
  filename!: string | null;

  @ApiProperty({ description: '"awaiting" until the bytes of an upload are in, else "ready".', enum: ['awaiting', 'ready'] })
  status!: string;

  @ApiProperty({ description: 'url: the address.', required: false })
  url?: string;

  @ApiProperty({ description: 'url: who fetches it.', required: false, enum: ['provider', 'gateway'] })
  fetch?: string;

  @ApiProperty({ description: 'upload: the size that the caller announced, in bytes.', required: false, type: Number, nullable: true })
  size?: number | null;

  @ApiProperty({ description: 's3, gcs: the bucket.', required: false })
  bucket?: string;

  @ApiProperty({ description: 'azure-blob: the container.', required: false })
  container?: string;

  @ApiProperty({ description: 's3, gcs, azure-blob: the object\'s key.', required: false })
  key?: string;

  @ApiProperty({ description: 's3: the region.', required: false })
  region?: string;

  @ApiProperty({ description: 's3: the address of an S3-compatible server.', required: false })
  endpoint?: string;

  @ApiProperty({ description: 'gcs: the project.', required: false })
  projectId?: string;

  @ApiProperty({ description: 'sftp, ftp: the server.', required: false })
  host?: string;

  @ApiProperty({ description: 'sftp, ftp: the port.', required: false })
  port?: number;

  @ApiProperty({ description: 'sftp, ftp: the file\'s path on the server.', required: false })
  path?: string;

  @ApiProperty({ description: 'google-drive: the file.', required: false })
  fileId?: string;
}
