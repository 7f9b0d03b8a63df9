import { ApiProperty } from '@nestjs/swagger';
import { EXPORT_STATES } from '../states.js';
import { PlaceView } from './place-view.dto.js';

/** An export as it comes back: documents what `job-view.ts` makes. */
export class ExportView extends PlaceView {
  @ApiProperty({ description: 'Name of the export within the job.', example: 'bucket' })
  id!: string;

  @ApiProperty({ description: 's3, gcs, azure-blob, sftp, ftp, google-drive or youtube. Its credentials never come back.', example: 's3' })
  type!: string;

  @ApiProperty({ description: 'The steps whose results are delivered.', type: [String] })
  inputs!: string[];

  @ApiProperty({ description: 'Whether it arrived; a job completes when every export did.', enum: Object.keys(EXPORT_STATES) })
  status!: string;

  @ApiProperty({ description: 'Why it could not be delivered.', type: String, nullable: true })
  error!: string | null;

  @ApiProperty({ description: 'google-drive: the folder.', required: false })
  folderId?: string;

  @ApiProperty({ description: 'google-drive: the file\'s name there.', required: false })
  filename?: string;

  @ApiProperty({ description: 'youtube: the video\'s title.', required: false })
  title?: string;
}
