import { ApiProperty } from '@nestjs/swagger';
import { PlaceView } from './place-view.dto.js';

/** An input as it comes back: documents what `job-view.ts` makes. */
export class InputView extends PlaceView {
  @ApiProperty({ description: 'Name of the input within the job.', example: 'photo' })
  id!: string;

  @ApiProperty({ description: 'url, upload, base64, s3, gcs, azure-blob, sftp, ftp, google-drive or job-output. Its credentials never come back.', example: 'url' })
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

  @ApiProperty({ description: 'google-drive: the file.', required: false })
  fileId?: string;

  @ApiProperty({ description: 'job-output: the job.', required: false })
  jobId?: string;

  @ApiProperty({ description: 'job-output: its output.', required: false })
  outputId?: string;
}
