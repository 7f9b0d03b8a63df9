import { ApiProperty } from '@nestjs/swagger';

/** Where a file is, or goes to, as it comes back. Credentials never do. */
export class PlaceView {
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
}
